"""The Delta log of a table, read without Spark: its history and its size."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

_MOST_COMMITS = 100


@dataclass(frozen=True)
class Commit:
    """A version of a table: when it was written (ms), by which operation, with what parameters and to what effect."""

    version: int
    timestamp: int
    operation: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, object]


@dataclass(frozen=True)
class Size:
    """The newest version of a table: its files, their bytes, and its rows; None where a file doesn't say."""

    files: int
    bytes: int
    rows: int | None


class DeltaLog:
    """The log of the Delta table in the folder `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def history(self) -> list[Commit]:
        """The newest versions that the log still has, the newest first; none if there is no Delta table."""
        table = self._table()
        return [_commit(each) for each in table.history(_MOST_COMMITS)] if table else []

    def size(self) -> Size | None:
        """The size of the newest version; None if there is no Delta table, or one that deltalake can't read."""
        table = self._table()
        if table is None:
            return None
        files = pa.table(table.get_add_actions(flatten=True))
        rows = files["num_records"].to_pylist() if "num_records" in files.column_names else [None] * files.num_rows
        removed = files["deletionVector.cardinality"] if "deletionVector.cardinality" in files.column_names else None
        gone = sum(count or 0 for count in removed.to_pylist()) if removed is not None else 0
        known = [count for count in rows if count is not None]
        return Size(
            files=files.num_rows,
            bytes=sum(files["size_bytes"].to_pylist()),
            rows=sum(known) - gone if len(known) == files.num_rows else None,
        )

    def _table(self) -> DeltaTable | None:
        try:
            return DeltaTable(str(self._path))
        except (TableNotFoundError, DeltaError):
            return None


def _commit(found: Mapping[str, object]) -> Commit:
    parameters, metrics = found.get("operationParameters"), found.get("operationMetrics")
    return Commit(
        version=int(str(found["version"])),
        timestamp=int(str(found["timestamp"])),
        operation=str(found.get("operation", "")),
        parameters=parameters if isinstance(parameters, Mapping) else {},
        metrics=metrics if isinstance(metrics, Mapping) else {},
    )
