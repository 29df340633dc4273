"""A chat-completions request as the stand-in reads it."""

import json
from dataclasses import dataclass, field
from typing import Any, Self

from caspers.refunds.facts import Fact
from caspers.refunds.rows import Row

type Json = dict[str, Any]
"""A JSON object."""


class BadRequest(ValueError):
    """The stand-in can't take the request; `param` names the part that is wrong, as in OpenAI's errors."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class Refused(ValueError):
    """The stand-in can't decide on the request; the message says why."""


@dataclass(frozen=True)
class Call:
    """A call of a tool with its arguments."""

    name: str
    arguments: Json

    @classmethod
    def of(cls, fact: Fact, value: object) -> Self:
        """The call that looks a fact up about an order's or a location's id."""
        return cls(fact.name, {fact.argument.name: value})


@dataclass(frozen=True)
class Conversation:
    """The conversation so far.

    text: all that the user said; schema: the name of the answer's JSON schema, None if the request has none;
    tools: names of the tools that may be called; results: rows by call, as (tool's name, its argument's value);
    parallel: whether several tools may be called at once.
    """

    text: str
    schema: str | None
    tools: frozenset[str]
    results: dict[tuple[str, Any], list[Row]] = field(default_factory=dict)
    parallel: bool = True

    def without_result(self, *calls: Call) -> list[Call]:
        """Those of `calls` that have no result yet. Raises Refused for a tool that the request doesn't offer."""
        missing = [call for call in calls if (call.name, _value(call.arguments)) not in self.results]
        for call in missing:
            if call.name not in self.tools:
                raise Refused(f"I need the tool {call.name} to look the facts up, and this request does not offer it.")
        return missing

    def allowed(self, calls: list[Call]) -> list[Call]:
        """Those of `calls` to make now."""
        return calls if self.parallel else calls[:1]

    def rows(self, call: Call) -> list[Row]:
        """The rows that a call returned."""
        return self.results[call.name, _value(call.arguments)]


def check(request: Json) -> None:
    """Raise BadRequest if `messages` is not a list of messages, or for features that the stand-in doesn't have."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise BadRequest("`messages` must be a list with at least one message.", "messages")
    if request.get("n") not in (None, 1):
        raise BadRequest("`n` must be 1: a policy has one answer.", "n")
    if request.get("logprobs"):
        raise BadRequest("`logprobs` must be false: a policy has no probabilities.", "logprobs")


def read(request: Json) -> Conversation:
    """The conversation in a request. Raises BadRequest if a call in it can't be read, Refused if a tool failed."""
    messages, form = request["messages"], request.get("response_format") or {}
    return Conversation(
        text="\n".join(text_of(each) for each in messages if each.get("role") == "user"),
        schema=(form.get("json_schema") or {}).get("name"),
        tools=_tools(request),
        results=_results(messages),
        parallel=request.get("parallel_tool_calls") is not False,
    )


def _tools(request: Json) -> frozenset[str]:
    """The tools that may be called: none, all, or the one that `tool_choice` names."""
    names = frozenset(tool["function"]["name"] for tool in request.get("tools") or [])
    choice = request.get("tool_choice")
    if isinstance(choice, dict):
        return names & {choice["function"]["name"]}
    return frozenset() if choice == "none" else names


def text_of(message: Json) -> str:
    """A message's text, joined if it comes in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content)


def _results(messages: list[Json]) -> dict[tuple[str, Any], list[Row]]:
    calls = {call["id"]: call["function"] for each in messages for call in each.get("tool_calls") or []}
    found: dict[tuple[str, Any], list[Row]] = {}
    for message in messages:
        if message.get("role") == "tool" and message.get("tool_call_id") in calls:
            function = calls[message["tool_call_id"]]
            found[function["name"], _value(_arguments(function))] = _rows(function["name"], message)
    return found


def _arguments(function: Json) -> Json:
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise BadRequest(f"The arguments of a call of {function['name']} are not a JSON object.", "messages")
    return arguments


def _rows(name: str, message: Json) -> list[Row]:
    try:
        rows = json.loads(text_of(message))
    except ValueError:
        rows = text_of(message)
    if not isinstance(rows, list):
        raise Refused(f"The tool {name} failed: {rows.get('error', rows) if isinstance(rows, dict) else rows}")
    return rows


def _value(arguments: Json) -> Any:
    """The value of the only argument: every tool here takes one."""
    return next(iter(arguments.values()), None)
