"""The kind of a statement, by its first word."""

import re

# Spaces, comments, and the brackets of a query such as `(SELECT 1) UNION (SELECT 2)`. Comments within comments, which
# Spark has too, are not skipped: a statement that begins with them has no first word.
_BEFORE = re.compile(r"(?:[\s(]|--(?:\\\n|[^\n])*|/\*(?:(?!\*/|/\*).)*\*/)*+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_GLOBAL_VIEW = re.compile(r"CREATE\s+(OR\s+REPLACE\s+)?GLOBAL\s+TEMP", re.IGNORECASE)
_QUERIES = {"SELECT", "VALUES"}
# A statement that begins otherwise may set something in its session: SET, RESET, USE, CREATE TEMPORARY VIEW, DECLARE,
# CACHE, BEGIN … END, and whatever a later Spark adds.
_LEAVES_SESSION_ALONE = _QUERIES | {
    "DELETE",
    "DESC",
    "DESCRIBE",
    "EXPLAIN",
    "FROM",
    "INSERT",
    "MERGE",
    "SHOW",
    "TABLE",
    "UPDATE",
    "WITH",
}


def first_word(statement: str) -> str:
    """The first word of a statement in capitals, an empty string if there is none."""
    word = _WORD.match(statement, _start(statement))
    return word[0].upper() if word else ""


def after_comments(statement: str) -> str:
    """A statement without the spaces and comments in front of it."""
    return statement[_start(statement) :]


def _start(statement: str) -> int:
    """Where a statement begins after spaces and comments."""
    before = _BEFORE.match(statement)
    return before.end() if before else 0


def is_query(statement: str) -> bool:
    """Whether a statement certainly only reads: it begins with SELECT or VALUES."""
    return first_word(statement) in _QUERIES


def leaves_session_alone(statement: str) -> bool:
    """Whether a statement certainly doesn't change its session's state."""
    return first_word(statement) in _LEAVES_SESSION_ALONE


def refusal(statement: str) -> str:
    """Why a statement is refused; empty if it may run."""
    if _GLOBAL_VIEW.match(statement, _start(statement)):
        return (
            "Global temporary views exist on clusters only, where other statements see them: use CREATE VIEW to keep "
            "a view, or WITH in the statement that needs it."
        )
    return ""
