"""What triggers watch: the files of volumes and the commits of Delta tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_UNFINISHED = ("_", ".")  # how names of files begin that are not whole yet, or not data


@dataclass(frozen=True)
class Commit:
    """A version of a table, and when it was committed (ms since 1970)."""

    version: int
    committed_at: int


@dataclass(frozen=True)
class Sources:
    """Reads volumes and tables. `folder` finds the directory of a volume path, `table` that of a table's full name.

    Both raise ApiError for what does not exist.
    """

    folder: Callable[[str], Path]
    table: Callable[[str], Path]

    def files(self, url: str) -> set[str]:
        """The files below a path in a volume, relative to it; those whose names begin with `_` or `.` do not count."""
        root = self.folder(url)
        found = (path for path in root.rglob("*") if not path.name.startswith(_UNFINISHED) and path.is_file())
        return {path.relative_to(root).as_posix() for path in found}

    def latest(self, table: str, after: int = -1) -> Commit | None:
        """The newest commit of a table after version `after` that changed its data; None if there is none."""
        commits = list(_commits(self.table(table) / "_delta_log"))
        if commits and commits[0][0] < after:
            after = -1  # the table was dropped and made again
        for version, path in commits:
            if version <= after:
                return None
            if _changes_data(path):
                return Commit(version, int(path.stat().st_mtime * 1000))
        return None


def _commits(log: Path) -> Iterator[tuple[int, Path]]:
    """The commits of a Delta log, the newest first."""
    paths = [path for path in log.glob("*.json") if path.stem.isdigit()]
    for path in sorted(paths, key=lambda path: path.name, reverse=True):
        yield int(path.stem), path


def _changes_data(commit: Path) -> bool:
    """Whether a commit adds or removes rows, which OPTIMIZE and changes of properties don't."""
    with commit.open(encoding="utf-8") as lines:
        actions = [json.loads(line) for line in lines if line.strip()]
    files = [action[kind] for action in actions for kind in ("add", "remove") if kind in action]
    return any(file.get("dataChange", True) for file in files)
