"""Written for this project: complaints that the reader learns from, those it is measured on, and customers' grammar."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

MASK = "ITEM"
"""Stands in a training text where a customer names a dish: what a dish is called says nothing about the complaint."""
NOTHING = "nothing"
"""The label of what says nothing that went wrong: praise, questions, commands, anger without a reason."""


@dataclass(frozen=True)
class HeldOut:
    """A text that training never sees. category: what it is about first, or NOTHING.

    kind: what is hard about it; items: names of the order's items; named: those that it complains about.
    """

    category: str
    kind: str
    text: str
    items: tuple[str, ...]
    named: frozenset[str]


@cache
def training() -> tuple[list[str], list[str]]:
    """The training texts, with MASK for dishes, and their labels: a category each, or NOTHING."""
    rows = _rows("training.jsonl")
    return [row["text"] for row in rows], [row["category"] for row in rows]


def held_out() -> list[HeldOut]:
    """The texts to measure a reader on."""
    return [
        HeldOut(row["category"], row["kind"], row["text"], tuple(row["items"]), frozenset(row["named"]))
        for row in _rows("held_out.jsonl")
    ]


@cache
def grammar() -> dict:
    """How customers write: `moods`, `legible`, `core` and `phrases`, as the head of grammar.yaml explains."""
    return yaml.safe_load(_text("grammar.yaml"))


def _rows(name: str) -> list[dict]:
    return [json.loads(line) for line in _text(name).splitlines()]


def _text(name: str) -> str:
    return files("caspers.complaints.corpus").joinpath(name).read_text(encoding="utf-8")
