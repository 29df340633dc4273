"""The statements of a SQL file, and the values that go into them.

See https://docs.databricks.com/aws/en/sql/user/queries/query-parameters for `{{x}}`, and
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameter-marker for `:x`.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from sqlglot.dialects import Databricks
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local_workspace.engines.sql.words import first_word
from local_workspace.runtime.errors import invalid

_CURLY = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

_QUOTED_CATALOG = re.compile(r"\AUSE\s+CATALOG\s+'([\w-]+)'\Z", re.IGNORECASE)

Value = str | Decimal


def statements(text: str) -> list[str]:
    """The statements of a script, which are separated by `;`; one that begins with BEGIN is one statement.

    Raises ApiError 400 for a text or comment without end.
    """
    if first_word(text) == "BEGIN":
        return [text.strip()]
    try:
        tokens = Databricks().tokenize(text)
    except TokenError as error:
        raise invalid(f"The SQL can't be read: {error}") from None
    return [text[first.start : last.end + 1] for first, last in _ranges(tokens)]


def with_values(text: str, values: Mapping[str, Value]) -> str:
    """`text` with each `{{x}}` replaced: a text gets quotation marks. Raises ApiError 400 for one without a value."""

    def literal(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise invalid(f"The query has a parameter {match[0]} without a value; add {match[1]!r} to the parameters.")
        return _literal(values[match[1]])

    return _CURLY.sub(literal, text)


def plain_catalog(statement: str) -> str:
    """A statement whose `USE CATALOG 'x'` has a name instead of the text, which Databricks takes too."""
    return _QUOTED_CATALOG.sub(lambda match: f"USE CATALOG `{match[1]}`", statement)


def markers(statement: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values that a statement reads as `:x`."""
    return {name: value for name, value in values.items() if re.search(rf"(?<![:\w]):{re.escape(name)}\b", statement)}


def _ranges(tokens: list[Token]) -> Iterator[tuple[Token, Token]]:
    """The first and last token of each statement."""
    statement: list[Token] = []
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            statement.append(token)
        elif statement:
            yield statement[0], statement[-1]
            statement = []
    if statement:
        yield statement[0], statement[-1]


def _literal(value: Value) -> str:
    if isinstance(value, Decimal):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
