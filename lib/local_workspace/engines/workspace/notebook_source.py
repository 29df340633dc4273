"""Jupyter notebooks and the Python source that Databricks exports and imports of them.

See https://docs.databricks.com/aws/en/notebooks/notebook-format.
"""

import re
from typing import Any

HEADER = "# Databricks notebook source"
_MAGIC = "# MAGIC"
_SEPARATING = re.compile(r"# COMMAND -{5,}\s*")
SEPARATOR = "\n\n# COMMAND ----------\n\n"


def as_source(notebook: dict[str, Any]) -> str:
    """The cells of a notebook (nbformat 4, as a dict) in Databricks' source format; other cells as `# MAGIC`."""
    cells = (_cell(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"])
    return f"{HEADER}\n{SEPARATOR.join(cells)}\n"


def is_source(content: bytes) -> bool:
    """Whether a file is a notebook in source format, which its first line says."""
    return content.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip() == HEADER.encode()


def from_source(text: str) -> dict[str, Any]:
    """A notebook in source format, or any Python, as a Jupyter notebook (nbformat 4, as a dict)."""
    lines = text.removeprefix("\ufeff").splitlines()
    if lines and lines[0].strip() == HEADER:
        lines = lines[1:]
    cells: list[list[str]] = [[]]
    for line in lines:
        if _SEPARATING.fullmatch(line):
            cells.append([])
        else:
            cells[-1].append(line)
    return {
        "cells": [_jupyter("\n".join(cell).strip("\n")) for cell in cells if any(map(str.strip, cell))],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }


def _jupyter(source: str) -> dict[str, Any]:
    lines = source.splitlines()
    if all(line.startswith(_MAGIC) for line in lines):
        source = "\n".join(line.removeprefix(_MAGIC).removeprefix(" ") for line in lines)
        first, _, rest = source.partition("\n")
        if first.split()[:1] == ["%md"]:
            text = first.removeprefix("%md").strip()
            return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(filter(None, (text, rest)))}
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _cell(kind: str, source: str) -> str:
    if kind == "code" and not source.startswith("%"):
        return source
    body = source if kind == "code" else f"%md\n{source}"
    return "\n".join(f"# MAGIC {line}".rstrip() for line in body.splitlines())
