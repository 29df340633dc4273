"""Chat completions by written policy. Not a language model, and it never says that it is one."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from caspers.standin import complaint, refund
from caspers.standin.conversation import Call, Conversation, Refused, read, text_of

NAME = "offline-policy"
DECISIONS: dict[str, Callable[[Conversation], list[Call] | dict[str, Any]]] = {
    refund.SCHEMA: refund.decide, complaint.SCHEMA: complaint.decide}


def complete(request: dict) -> dict:
    """A chat completion for a chat-completions request: tool calls while facts are missing, then the JSON answer.

    The name of the request's JSON schema chooses the decision. A request that is none of them gets a text that says
    so; one without proper messages raises ValueError.
    """
    try:
        message = _message(read(request))
    except Refused as why:
        message = {"role": "assistant", "content": f"This is {NAME}. {why}"}
    finish = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return {**_envelope("chat.completion"), "choices": [choice], "usage": _usage(request, message)}


def complete_stream(request: dict) -> Iterator[dict]:
    """The same completion as chunks: the message, then why it ends."""
    whole = complete(request)
    choice = whole["choices"][0]
    delta = dict(choice["message"])
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": index, **call} for index, call in enumerate(delta["tool_calls"])]
    envelope = {**_envelope("chat.completion.chunk"), "id": whole["id"]}
    yield {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    end = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    yield {**envelope, "choices": [end], "usage": whole["usage"]}


def _message(conversation: Conversation) -> dict:
    decide = DECISIONS.get(conversation.schema or "")
    if decide is None:
        raise Refused(
            "I am not a language model: I decide by written policy, and only where an answer is asked for as "
            f"JSON of the schema {' or '.join(DECISIONS)}. Set CASPERS_LLM_BASE_URL to put a language model here."
        )
    step = decide(conversation)
    if isinstance(step, dict):
        return {"role": "assistant", "content": json.dumps(step)}
    return {"role": "assistant", "content": None, "tool_calls": [_tool_call(call) for call in step]}


def _tool_call(call: Call) -> dict:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{uuid4().hex}", "type": "function", "function": function}


def _envelope(kind: str) -> dict:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": NAME}


def _usage(request: dict, message: dict) -> dict[str, int]:
    """Words in and out: it has no tokens of its own to count."""
    read_words = sum(len(text_of(each).split()) for each in request["messages"])
    said = (message["content"] or json.dumps(message["tool_calls"])).split()
    return {
        "prompt_tokens": read_words,
        "completion_tokens": len(said),
        "total_tokens": read_words + len(said),
    }
