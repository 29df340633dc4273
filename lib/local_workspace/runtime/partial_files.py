"""Uploads in progress: each is written in a folder of its own and moved to its place when it is whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class PartialFiles:
    """Files that are being written, in `folder`, on the disk of the places that they go to.

    What a killed process has left there is removed when this is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def writing(self, place: Path) -> Iterator[IO[bytes]]:
        """A file that is at `place` once the block succeeds, instead of one that is there; else nothing changes."""
        self._folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            partial = Path(file.name)
            try:
                yield file
                file.flush()
                partial.replace(place)
            finally:
                partial.unlink(missing_ok=True)
