"""What the Files API does with a file of a volume, for tests without a workspace."""

import os
from pathlib import Path
from typing import BinaryIO


def unfinished(file: Path) -> Path:
    """The name under which a file is written until it is whole."""
    return file.with_name(f"_{file.name}.part")


def upload(file: Path, contents: BinaryIO) -> None:
    """Write a file, whole or not at all, in the place of one that is there."""
    unfinished(file).write_bytes(contents.read())
    os.replace(unfinished(file), file)
