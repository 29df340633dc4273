"""How a served model wants to be called: its task, and an example of a request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

_QUESTION = [{"role": "user", "content": "Hello"}]
_EXAMPLES: dict[str, dict[str, Any]] = {
    "agent/v1/responses": {"input": _QUESTION},
    "llm/v1/chat": {"messages": _QUESTION},
    "agent/v1/chat": {"messages": _QUESTION},
    "agent/v2/chat": {"messages": _QUESTION},
    "llm/v1/completions": {"prompt": "Hello"},
    "llm/v1/embeddings": {"input": "Hello"},
}
_VALUES: dict[str, object] = {"string": "", "boolean": False, "double": 0.0, "float": 0.0, "long": 0, "integer": 0}


@dataclass(frozen=True)
class Card:
    """A model's `task`, empty for an ordinary model, and an `example` of a request to it."""

    task: str
    example: Mapping[str, Any]

    @classmethod
    def of_task(cls, task: str) -> Self:
        """That of a model of which only the task is known."""
        return cls(task, _EXAMPLES.get(task, {"inputs": []}))

    @classmethod
    def of_model(cls, folder: Path) -> Self:
        """That of the MLflow model in `folder`: with its own input example, or one made from its signature."""
        described = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
        task = str((described.get("metadata") or {}).get("task") or "")
        saved = described.get("saved_input_example_info") or {}
        file = folder / Path(str(saved.get("serving_input_path") or "none")).name
        if example := _read(file):
            return cls(task, example)
        if task in _EXAMPLES:
            return cls.of_task(task)
        inputs = json.loads((described.get("signature") or {}).get("inputs") or "[]")
        return cls(task, {"dataframe_records": [{field["name"]: _value(field) for field in inputs if "name" in field}]})


def _read(file: Path) -> dict[str, Any]:
    """The object in a file of JSON; empty if there is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _value(field: Mapping[str, Any]) -> object:
    return _VALUES.get(str(field["type"]))
