"""Where in a statement an error is, so that a page can show it there."""

import re
from dataclasses import dataclass

# Spark counts characters from 0 in `(line 1, pos 7)` and `; line 1 pos 7;`, and from 1 in `(line 1, position 8)`.
_PARSED = re.compile(r"(?:\(line (?=\d+, pos \d+\))|; line (?=\d+ pos \d+;))(\d+),? pos (\d+)")
_ANALYZED = re.compile(r"== SQL.*?\(line (\d+), position (\d+)\) ==")


@dataclass(frozen=True)
class Place:
    """A place in a text: its line and column, both counted from 1, and the line as what is before it and from it on."""

    line: int
    column: int
    before: str
    after: str


def of_message(statement: str, message: str) -> Place | None:
    """The place that Spark's message about `statement` names; None if it names none that the statement has."""
    if found := _PARSED.search(message):
        return _at(statement, int(found[1]), int(found[2]) + 1)
    if found := _ANALYZED.search(message):
        return _at(statement, int(found[1]), int(found[2]))
    return None


def of_position(statement: str, position: int) -> Place | None:
    """The place of the character with that number, counted from 1, as Postgres does."""
    before = statement[: position - 1]
    return _at(statement, before.count("\n") + 1, position - 1 - before.rfind("\n"))


def _at(statement: str, line: int, column: int) -> Place | None:
    lines = statement.replace("\r\n", "\n").split("\n")
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1]
    return Place(line, column, text[: column - 1], text[column - 1 :])
