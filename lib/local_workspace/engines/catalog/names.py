"""Checks of names in the catalog."""

import re

from local_workspace.runtime.errors import invalid

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")  # Spark's metastore takes no longer names


def checked_name(name: str) -> str:
    """`name`, if it is an identifier. Raises ApiError 400 otherwise."""
    if not _IDENTIFIER.fullmatch(name):
        raise invalid(
            f"'{name[:200]}' is not an identifier: use up to 128 letters, digits and underscores, no digit first"
        )
    return name


def name_parts(full_name: str, count: int) -> list[str]:
    """The `count` parts of a name such as `catalog.schema.table`. Raises ApiError 400 if it has others."""
    parts = full_name.split(".")
    if len(parts) != count:
        raise invalid(f"'{full_name[:200]}' is not a name of {count} parts")
    return [checked_name(part) for part in parts]


def quoted_text(text: str) -> str:
    """`text` as a literal of Spark SQL, in which a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
