"""Texts written for this project: training and held-out complaints for the classifier, and a grammar of complaints."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

MASK = "ITEM"
"""Stands for a dish in a training text: what a dish is called says nothing about the complaint."""
NO_COMPLAINT = "nothing"
"""The label of a text that doesn't say what went wrong: praise, questions, commands, anger without a reason."""


@dataclass(frozen=True)
class HeldOut:
    """A text that training never sees. category: what it is about first, or NO_COMPLAINT.

    kind: what is hard about it; items: names of the order's items; named: those that it complains about.
    """

    category: str
    kind: str
    text: str
    items: tuple[str, ...]
    named: frozenset[str]


@cache
def training() -> tuple[list[str], list[str]]:
    """The training texts, with MASK for dishes, and their labels: a category each, or NO_COMPLAINT."""
    rows = _rows("training.jsonl")
    return [row["text"] for row in rows], [row["category"] for row in rows]


def held_out() -> list[HeldOut]:
    """The texts to measure the reading on."""
    return [
        HeldOut(row["category"], row["kind"], row["text"], tuple(row["items"]), frozenset(row["named"]))
        for row in _rows("held_out.jsonl")
    ]


@cache
def grammar() -> dict[str, Any]:
    """How customers write: `moods`, `legible`, `core` and `phrases`, as the head of grammar.yaml explains."""
    loaded: dict[str, Any] = yaml.safe_load(_text("grammar.yaml"))
    return loaded


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(name).splitlines()]


def _text(name: str) -> str:
    return files("caspers.complaints.corpus").joinpath(name).read_text(encoding="utf-8")
