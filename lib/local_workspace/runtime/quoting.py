"""Names as Spark SQL writes them."""

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted(part: str) -> str:
    """A part of a name in backquotes."""
    return "`" + part.replace("`", "``") + "`"


def readable(part: str) -> str:
    """A part of a name, in backquotes unless it is plain letters, digits and underscores."""
    return part if _PLAIN.fullmatch(part) else quoted(part)
