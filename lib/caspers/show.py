"""Code and statements as they are run, set in a notebook as code."""

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from IPython.display import Markdown


def sql(statement: str) -> Markdown:
    """A SQL statement; one that is a single line is broken at its clauses."""
    return _fenced("sql", statement if "\n" in statement else re.sub(r" (SELECT|FROM) ", r"\n\1 ", statement))


def source(*things: Callable[..., object] | type) -> Markdown:
    """The source of functions, methods or classes, without notes for the type checker."""
    sources = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).strip() for thing in things)
    return _fenced("python", re.sub(r"  # type: ignore.*", "", sources))


def file(path: Path) -> Markdown:
    """A Python file."""
    return _fenced("python", path.read_text(encoding="utf-8"))


def _fenced(language: str, text: str) -> Markdown:
    return Markdown(f"```{language}\n{text.strip()}\n```")
