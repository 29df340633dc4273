"""The SQL functions of schema `ai` as a model's tools."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from caspers.refunds.facts import Fact
from caspers.refunds.rows import Row

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionToolParam

type Rows = list[Row]

_JSON_TYPES = {"STRING": "string", "INT": "integer"}
_PYTHON_TYPES = {"STRING": str, "INT": int}


class OutOfScope(LookupError):
    """A tool call about something outside the conversation's scope; the message names the scope."""


class Tools:
    """The facts that one conversation may look up; `lookup(fact, value)` returns the rows, or raises OutOfScope."""

    def __init__(self, facts: Iterable[Fact], lookup: Callable[[Fact, object], Rows]) -> None:
        self._facts = {fact.name: fact for fact in facts}
        self._lookup = lookup

    def specs(self) -> list["ChatCompletionToolParam"]:
        """The tools in the form of a chat-completions request."""
        return [spec(fact) for fact in self._facts.values()]

    def answer(self, name: str, arguments: str) -> str:
        """The result of a call as the model reads it: the rows as JSON, or what was wrong with the call."""
        fact = self._facts.get(name)
        if fact is None:
            return json.dumps({"error": f"There is no tool {name}. Valid tools: {', '.join(self._facts)}."})
        try:
            value = _PYTHON_TYPES[fact.argument.sql_type](json.loads(arguments)[fact.argument.name])
        except (ValueError, KeyError, TypeError):
            wanted = f"{fact.argument.name} ({_JSON_TYPES[fact.argument.sql_type]})"
            return json.dumps({"error": f"{name} needs a JSON object with {wanted}."})
        try:
            return json.dumps(self._lookup(fact, value), default=str)
        except OutOfScope as error:
            return json.dumps({"error": str(error)})


def spec(fact: Fact) -> "ChatCompletionToolParam":
    """What a request tells a model about a function: its name, its argument, and its comments as descriptions."""
    argument = fact.argument
    kind = {"type": _JSON_TYPES[argument.sql_type], "description": argument.comment}
    parameters: dict[str, object] = {"type": "object", "properties": {argument.name: kind}, "required": [argument.name]}
    return {
        "type": "function",
        "function": {"name": fact.name, "description": fact.comment, "parameters": parameters},
    }
