"""What a notebook shows: code and statements as they are run, documents, tables and sentences with numbers."""

import inspect
import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import Markdown

from caspers.tables import Table

if TYPE_CHECKING:
    import pandas as pd


def table(rows: "pd.DataFrame | pd.Series | Sequence[Mapping[str, object]]") -> Table:
    """A frame, a named series, or the rows of a query as a table.

    The words of a column's name say how its numbers are written: `refund_usd` as $1,234.50, `delivery_minutes` with one
    decimal, `share` as 7%, `growth` as +7%, `location_id` as it is, any other one as 1,234. Text is never cut.
    """
    return Table(rows)


def prose(text: str) -> Markdown:
    """Markdown in which a dollar sign is one: between two of them, Jupyter would set a formula."""
    return Markdown(text.replace("$", r"\$"))


def sql(statement: str) -> Markdown:
    """A SQL statement; one that is a single line is broken at its clauses."""
    return _fenced("sql", statement if "\n" in statement else re.sub(r" (SELECT|FROM) ", r"\n\1 ", statement))


def source(*things: Callable[..., object] | type) -> Markdown:
    """The source of functions, methods or classes, without notes for the type checker."""
    sources = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).strip() for thing in things)
    return _fenced("python", re.sub(r"  # type: ignore.*", "", sources))


def document(value: Mapping[str, object]) -> Markdown:
    """A document, such as a schema or the body of a request, as JSON."""
    return _fenced("json", json.dumps(value, indent=2, ensure_ascii=False))


def file(path: Path) -> Markdown:
    """A file of Python or YAML."""
    return _fenced({".py": "python", ".yaml": "yaml"}[path.suffix], path.read_text(encoding="utf-8"))


def _fenced(language: str, text: str) -> Markdown:
    return Markdown(f"```{language}\n{text.strip()}\n```")
