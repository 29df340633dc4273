"""What the form sends to an endpoint: a message in the model's own format, or any JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_workspace.engines.serving import Card
from local_workspace.runtime.errors import invalid

_AGENT = "agent/v1/responses"
_TURNS = ("input", "messages")
_WITH_TRACE = {"databricks_options": {"return_trace": True}}


@dataclass(frozen=True)
class Form:
    """What stands in the form: a `message`, None where the model takes no messages, and a whole request as JSON."""

    message: str | None
    body: str


def form_for(card: Card) -> Form:
    """The form filled with a model's own example."""
    key = _turns(card.example)
    message = next((_said(turn) for turn in reversed(card.example[key]) if _is_users(turn)), "") if key else None
    return Form(message, json.dumps(card.example, indent=2, ensure_ascii=False))


def saying(card: Card, message: str) -> dict[str, Any]:
    """The model's example with `message` as what the user says. Raises ApiError 400 if it takes no messages."""
    if (key := _turns(card.example)) is None:
        raise invalid("This model takes no messages; send it a request as JSON.")
    if not message.strip():
        raise invalid("Type a message.")
    return {**card.example, key: [{"role": "user", "content": message}]}


def parsed(body: str) -> dict[str, Any]:
    """The JSON object in `body`. Raises ApiError 400 that says where it is wrong."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"The request is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise invalid("The request must be a JSON object.")
    return found


def with_trace(card: Card, request: Mapping[str, Any]) -> dict[str, Any]:
    """`request`, which asks an agent for the trace of its call as well."""
    return {**(_WITH_TRACE if card.task == _AGENT else {}), **request}


def _turns(example: Mapping[str, Any]) -> str | None:
    """The key of an example's messages; None if it has none."""
    return next((key for key in _TURNS if isinstance(example.get(key), list)), None)


def _is_users(turn: object) -> bool:
    return isinstance(turn, dict) and turn.get("role") == "user"


def _said(turn: Mapping[str, Any]) -> str:
    """The text of a message, whose content may come in parts."""
    content = turn.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content or [] if isinstance(part, dict) and "text" in part)
