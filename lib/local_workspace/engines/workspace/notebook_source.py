"""Jupyter notebooks and the Python or SQL source that Databricks exports and imports of them.

See https://docs.databricks.com/aws/en/notebooks/notebook-format. A cell of the notebook's own language stands as it
is, any other one as `# MAGIC` (`-- MAGIC` in SQL). A notebook in SQL becomes one of `%sql` cells in Jupyter's format,
with its language in the metadata.
"""

import re
from dataclasses import dataclass
from typing import Any

from local_workspace.engines.workspace import notebook_environment


@dataclass(frozen=True)
class Language:
    """A language of notebooks: its name in the API, its file's extension, and how its comments begin."""

    name: str
    extension: str
    comment: str

    @property
    def header(self) -> str:
        """The first line of a notebook in source format."""
        return f"{self.comment} Databricks notebook source"

    @property
    def separator(self) -> str:
        """What stands between two cells."""
        return f"\n\n{self.comment} COMMAND ----------\n\n"

    @property
    def magic(self) -> str:
        """How the lines of a cell in another language begin."""
        return f"{self.comment} MAGIC"


PYTHON = Language("PYTHON", ".py", "#")
SQL = Language("SQL", ".sql", "--")
LANGUAGES = {language.name: language for language in (PYTHON, SQL)}


def language_of(notebook: dict[str, Any]) -> Language:
    """The language of a notebook's cells without a magic command, which its metadata names."""
    metadata = notebook.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("name") if isinstance(info, dict) else None
    return LANGUAGES.get(str(name).upper(), PYTHON)


def as_source(notebook: dict[str, Any]) -> str:
    """The cells of a notebook (nbformat 4, as a dict) in Databricks' source format."""
    language = language_of(notebook)
    environment = notebook_environment.as_source(notebook) if language is PYTHON else ""
    cells = (_cell(cell["cell_type"], "".join(cell["source"]), language) for cell in notebook["cells"])
    return f"{language.header}\n{environment}{language.separator.join(cells)}\n"


def source_language(content: bytes) -> Language | None:
    """The language of a file that is a notebook in source format, which its first line says; else None."""
    first = content.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip()
    return next((language for language in LANGUAGES.values() if first == language.header.encode()), None)


def from_source(text: str, language: Language = PYTHON) -> dict[str, Any]:
    """A notebook in source format, or any code in `language`, as a Jupyter notebook (nbformat 4, as a dict)."""
    lines = _lines(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if lines[0].strip() == language.header:
        lines = lines[1:]
    environment, text = notebook_environment.split_source("\n".join(lines))
    separating = re.compile(rf"{language.comment} COMMAND -{{5,}}\s*")
    cells: list[list[str]] = [[]]
    for line in _lines(text):
        if separating.fullmatch(line):
            cells.append([])
        else:
            cells[-1].append(line)
    return {
        "cells": [_jupyter("\n".join(cell).strip("\n"), language) for cell in cells if any(map(str.strip, cell))],
        "metadata": {"language_info": {"name": language.name.lower()}, **notebook_environment.as_metadata(environment)},
        "nbformat": 4,
        "nbformat_minor": 4,
    }


def _jupyter(source: str, language: Language) -> dict[str, Any]:
    lines = _lines(source)
    if all(f"{line} ".startswith(f"{language.magic} ") for line in lines):
        source = "\n".join(line.removeprefix(language.magic).removeprefix(" ") for line in lines)
        first, _, rest = source.partition("\n")
        if first.split()[:1] == ["%md"]:
            text = first.removeprefix("%md").lstrip()
            return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(filter(None, (text, rest)))}
        if language is SQL and first.strip() == "%python":
            source = rest
    elif language is SQL:
        source = f"%sql\n{source}"
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _cell(kind: str, source: str, language: Language) -> str:
    if kind != "code":
        source = f"%md\n{source}"
    elif language is PYTHON and not source.startswith("%"):
        return source
    elif language is SQL and source.startswith("%sql\n"):
        return source.removeprefix("%sql\n")
    elif language is SQL and not source.startswith("%"):
        source = f"%python\n{source}"
    return "\n".join(f"{language.magic} {line}" if line else language.magic for line in _lines(source))


def _lines(text: str) -> list[str]:
    """The lines of a text: only a newline ends one, as in Python's source; a form feed or U+2028 is a part of it."""
    return text.removesuffix("\n").split("\n")
