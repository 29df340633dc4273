"""Binding values to the `:name` markers of a SQL statement.

Spark binds them itself, but Delta Lake 4.4's parser, which stands before Spark 4.1's, drops them on the way
(UNBOUND_SQL_PARAMETER). So a marker is replaced by a literal, outside of strings, quoted names and comments.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from local_workspace.runtime.errors import invalid

_MARKER = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?<![:\w]):([A-Za-z_]\w*)""", re.DOTALL
)


def bind(statement: str, values: Mapping[str, object]) -> str:
    """`statement` with each `:name` replaced by its value's literal. Raises ApiError for a name without a value."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return str(match[0])
        if name not in values:
            raise invalid(f"The statement has a parameter :{name} and no value was given for it")
        return literal(values[name])

    return _MARKER.sub(replaced, statement)


def literal(value: object) -> str:
    """A value as a SQL literal that is read back as the same value and type."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"{value}L"
    if isinstance(value, float):
        return f"double('{value!r}')"
    if isinstance(value, Decimal):
        return f"{value:f}BD"
    if isinstance(value, datetime):
        return f"TIMESTAMP'{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE'{value.isoformat()}'"
    return _string(str(value))


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
