"""The cells of a notebook's file, as the checks of notebooks read them."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NotRequired, TypedDict


class Metadata(TypedDict):
    """What the checks read of a cell's metadata."""

    tags: NotRequired[list[str]]
    jupyter: NotRequired[dict[str, bool]]


class Cell(TypedDict):
    """What the checks read of a cell."""

    cell_type: str
    source: list[str] | str
    metadata: Metadata
    outputs: NotRequired[list[dict[str, Any]]]


def cells_of(path: Path) -> list[Cell]:
    """The cells of a notebook."""
    cells: list[Cell] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def source(cell: Cell) -> str:
    """A cell's text."""
    return "".join(cell["source"])


def tags(cell: Cell) -> list[str]:
    """A cell's tags."""
    return cell["metadata"].get("tags", [])


def code(cells: Iterable[Cell]) -> list[Cell]:
    """The cells of code."""
    return [cell for cell in cells if cell["cell_type"] == "code"]


def prose(cells: Iterable[Cell]) -> str:
    """All that the notebook says in Markdown, without code blocks."""
    text = "\n\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def part(text: str, heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1] if found else ""
