"""Chat completions by written policy, not by a language model; each completion names `offline-policy` as its model."""

import json
import re
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

from caspers.complaints import policy as complaint_policy
from caspers.offline_policy import NAME
from caspers.refunds import policy as refund_policy
from caspers.refunds.facts import ORDER_DETAILS, ORDER_OVERVIEW
from caspers.standin import complaint, refund
from caspers.standin.conversation import Call, Conversation, Json, Refused, check, read, text_of

type Decide = Callable[[Conversation], list[Call] | Json]

DECISIONS: dict[str, Decide] = {
    refund_policy.ANSWER_SCHEMA: refund.decide,
    complaint_policy.ANSWER_SCHEMA: complaint.decide,
}
TOOLS: dict[str, Decide] = {ORDER_DETAILS.name: refund.decide, ORDER_OVERVIEW.name: complaint.decide}
"""The tool that one decision alone needs. A request that offers tools has no schema: it can't have both."""


def complete(request: Json) -> Json:
    """A chat completion for a chat-completions request: tool calls while facts are missing, then the JSON answer.

    The name of the request's JSON schema chooses the decision, without a schema a tool that it offers does; if neither
    is known, the completion is a text that says so. Raises BadRequest for messages it can't read and for features it
    doesn't have.
    """
    check(request)
    try:
        message = _message(read(request))
    except Refused as why:
        message = {"role": "assistant", "content": f"This is {NAME}. {why}"}
    message, cut = _truncated(message, request.get("max_completion_tokens") or request.get("max_tokens"))
    finish = "length" if cut else "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": {"refusal": None, **message}, "finish_reason": finish, "logprobs": None}
    return {**_envelope("chat.completion"), "choices": [choice], "usage": _usage(request, message)}


def complete_stream(request: Json) -> Iterator[Json]:
    """The same completion as chunks: word by word or call by call, the finish reason, and the usage if requested."""
    whole = complete(request)
    counted = (request.get("stream_options") or {}).get("include_usage")
    envelope = {**_envelope("chat.completion.chunk"), "id": whole["id"], **({"usage": None} if counted else {})}
    choice = whole["choices"][0]
    for delta in _deltas(choice["message"]):
        yield {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}]}
    end = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"], "logprobs": None}
    yield {**envelope, "choices": [end]}
    if counted:
        yield {**envelope, "choices": [], "usage": whole["usage"]}


def _deltas(message: Json) -> Iterator[Json]:
    """The deltas of a message: its role, the words of its text, and each call as its name, then its arguments."""
    yield {"role": "assistant", "content": None if "tool_calls" in message else ""}
    for word in re.findall(r"\s*\S+|\s+", message["content"] or ""):
        yield {"content": word}
    for index, call in enumerate(message.get("tool_calls", [])):
        function = call["function"]
        yield {"tool_calls": [{"index": index, **call, "function": {**function, "arguments": ""}}]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": function["arguments"]}}]}


def _message(conversation: Conversation) -> Json:
    decide = DECISIONS.get(conversation.schema) if conversation.schema else _decision_with(conversation.tools)
    if decide is None:
        raise Refused(
            "I am not a language model: I decide by written policy, and only where an answer is asked for as "
            f"JSON of the schema {' or '.join(DECISIONS)}. Set CASPERS_LLM_BASE_URL to put a language model here."
        )
    step = decide(conversation)
    if isinstance(step, dict):
        return {"role": "assistant", "content": json.dumps(step)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [_tool_call(call) for call in conversation.allowed(step)],
    }


def _decision_with(tools: frozenset[str]) -> Decide | None:
    """The decision for which such tools are offered; None if it is not clear."""
    found = [decide for tool, decide in TOOLS.items() if tool in tools]
    return found[0] if len(found) == 1 else None


def _tool_call(call: Call) -> Json:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{uuid4().hex}", "type": "function", "function": function}


def _truncated(message: Json, words: int | None) -> tuple[Json, bool]:
    """The message in at most so many words, and whether it was cut; calls are dropped rather than cut."""
    said = _text(message)
    if words is None or len(said.split()) <= words:
        return message, False
    kept = "" if "tool_calls" in message else "".join(re.findall(r"\s*\S+", said)[:words])
    return {"role": "assistant", "content": kept}, True


def _envelope(kind: str) -> Json:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": NAME}


def _text(message: Json) -> str:
    return json.dumps(message["tool_calls"]) if "tool_calls" in message else str(message["content"])


def _usage(request: Json, message: Json) -> dict[str, int]:
    """Words in and out, since a policy has no tokens."""
    read_words = sum(len(text_of(each).split()) for each in request["messages"])
    said = len(_text(message).split())
    return {"prompt_tokens": read_words, "completion_tokens": said, "total_tokens": read_words + said}
