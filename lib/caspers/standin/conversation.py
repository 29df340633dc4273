"""A chat-completions request as the stand-in reads it."""

import json
from dataclasses import dataclass, field
from typing import Any


class Refused(ValueError):
    """The request can't be served; the message says why."""


@dataclass(frozen=True)
class Call:
    """A tool that the stand-in wants called, with its arguments."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Conversation:
    """What was asked so far.

    text: all that the user said; schema: the name of the JSON schema of the answer, None if none is asked for;
    tools: names of the tools on offer; results: rows by call, as (tool's name, its argument's value).
    """

    text: str
    schema: str | None
    tools: frozenset[str]
    results: dict[tuple[str, Any], list[dict]] = field(default_factory=dict)

    def wanting(self, *calls: Call) -> list[Call]:
        """Those of `calls` that have no result yet. Raises Refused for a tool that is not on offer."""
        missing = [call for call in calls if (call.name, _value(call.arguments)) not in self.results]
        for call in missing:
            if call.name not in self.tools:
                raise Refused(f"I need the tool {call.name} to look the facts up, and this request does not offer it.")
        return missing

    def rows(self, call: Call) -> list[dict]:
        """The rows that a call brought."""
        return self.results[call.name, _value(call.arguments)]


def read(request: dict) -> Conversation:
    """The conversation in a request. Raises ValueError if `messages` is not a list of messages."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise ValueError("`messages` must be a list with at least one message.")
    format_ = request.get("response_format") or {}
    return Conversation(
        text="\n".join(text_of(each) for each in messages if each.get("role") == "user"),
        schema=(format_.get("json_schema") or {}).get("name"),
        tools=frozenset(tool["function"]["name"] for tool in request.get("tools") or []),
        results=_results(messages),
    )


def text_of(message: dict) -> str:
    """A message's text, also when it comes in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content)


def _results(messages: list[dict]) -> dict[tuple[str, Any], list[dict]]:
    calls = {call["id"]: call["function"] for each in messages for call in each.get("tool_calls") or []}
    found = {}
    for message in messages:
        if message.get("role") == "tool" and message.get("tool_call_id") in calls:
            function = calls[message["tool_call_id"]]
            found[function["name"], _value(json.loads(function["arguments"]))] = _rows(function["name"], message)
    return found


def _rows(name: str, message: dict) -> list[dict]:
    rows = json.loads(text_of(message))
    if not isinstance(rows, list):
        raise Refused(f"The tool {name} failed: {rows.get('error', rows)}")
    return rows


def _value(arguments: dict[str, Any]) -> Any:
    """The one argument's value: every tool here takes one."""
    return next(iter(arguments.values()), None)
