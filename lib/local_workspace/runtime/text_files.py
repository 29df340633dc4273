"""Text files that users have written."""

from pathlib import Path

from local_workspace.runtime.errors import invalid


def read_text(file: Path, name: str) -> str:
    """The text of a file, which may begin with a byte order mark. Raises ApiError 400, with `name`, unless in UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid(f"{name} is not text in UTF-8: {error}.") from None
