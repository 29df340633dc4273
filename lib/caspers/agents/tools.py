"""The SQL functions of schema `ai` as a model's tools."""

import json
from collections.abc import Callable, Iterable

from caspers.refunds.facts import Fact

type Rows = list[dict]

_JSON_TYPES = {"STRING": "string", "INT": "integer"}
_PYTHON_TYPES = {"STRING": str, "INT": int}


class OutOfScope(LookupError):
    """The conversation is about something else than what a model wanted to look up; the message says about what."""


class Tools:
    """The facts that one conversation may use, and where their rows come from: `lookup(fact, value)`."""

    def __init__(self, facts: Iterable[Fact], lookup: Callable[[Fact, object], Rows]) -> None:
        self._facts = {fact.name: fact for fact in facts}
        self._lookup = lookup

    def specs(self) -> list[dict]:
        """The tools as chat completions describe them to a model."""
        return [_spec(fact) for fact in self._facts.values()]

    def answer(self, name: str, arguments: str) -> str:
        """What a model gets to read for a call: the rows as JSON, or what was wrong with the call."""
        fact = self._facts.get(name)
        if fact is None:
            return json.dumps({"error": f"There is no tool {name}. There are: {', '.join(self._facts)}."})
        try:
            value = _PYTHON_TYPES[fact.argument.sql_type](json.loads(arguments)[fact.argument.name])
        except (ValueError, KeyError, TypeError):
            wanted = f"{fact.argument.name} ({_JSON_TYPES[fact.argument.sql_type]})"
            return json.dumps({"error": f"{name} wants a JSON object with {wanted}."})
        try:
            return json.dumps(self._lookup(fact, value), default=str)
        except OutOfScope as error:
            return json.dumps({"error": str(error)})


def _spec(fact: Fact) -> dict:
    argument = fact.argument
    kind = {"type": _JSON_TYPES[argument.sql_type], "description": argument.comment}
    parameters = {"type": "object", "properties": {argument.name: kind}, "required": [argument.name]}
    return {
        "type": "function",
        "function": {"name": fact.name, "description": fact.comment, "parameters": parameters},
    }
