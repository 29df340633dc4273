"""What a notebook's readers see of its stored outputs and its code blocks, where it is certainly not for them."""

import ast
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.token import Error
from pygments.util import ClassNotFound

from notebook_cells import Cell, cells_of, code, source

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
REPR = re.compile(r"\w+\(\w+=")
"""How the text of an object begins that lists its fields, as those of the Databricks SDK do."""


def problems(path: Path) -> Iterator[str]:
    """What is wrong with the blocks and outputs of one notebook."""
    cells = cells_of(path)
    for text in _markdown(cells):
        for language, block in BLOCK.findall(text):
            yield from _unreadable(language, block)
    for text in _plain(cells):
        if _is_bare_value(text):
            first = text.splitlines()[0]
            yield f"a cell shows a bare value, {first[:60]}; show.table or show.document is for readers"


def _markdown(cells: list[Cell]) -> Iterator[str]:
    """The Markdown of a notebook: its prose, and what its cells show as Markdown."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            yield source(cell)
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/markdown", []))


def _unreadable(language: str, block: str) -> Iterator[str]:
    """What the highlighter of `make book` can't read in a block; there it is a warning, and the site is not built."""
    try:
        tokens = get_lexer_by_name(language).get_tokens(block)
    except ClassNotFound:
        yield f"no highlighter knows the language {language} of a block"
        return
    if unread := [value for kind, value in tokens if kind is Error]:
        yield f"the highlighter of {language} can't read {unread[0]!r} in the block that begins {block.splitlines()[0]}"


def _plain(cells: list[Cell]) -> Iterator[str]:
    """What cells print, and the values that they show as nothing but text."""
    for output in (output for cell in code(cells) for output in cell.get("outputs", [])):
        data = output.get("data", {})
        text = "".join(output.get("text", data["text/plain"] if list(data) == ["text/plain"] else "")).strip()
        if text:
            yield text


def _is_bare_value(text: str) -> bool:
    """Whether a text is a dict, a tuple, a list of those or an object with its fields, in Python or in JSON."""
    if REPR.match(text):
        return True
    for read in (ast.literal_eval, json.loads):
        with suppress(ValueError, SyntaxError):
            value = read(text)
            return any(isinstance(each, dict | tuple) for each in (value if isinstance(value, list) else [value]))
    return False
