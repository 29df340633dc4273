"""A Delta table as a source of rows and row changes: its log is read with `deltalake`, and so are its files where that
library reads them exactly; the rest is Spark's to read.
"""

import contextlib
import json
import reprlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from local_workspace.engines.sync import values
from local_workspace.engines.sync.changes import REMOVES, Changes, DuplicateKey, fold
from local_workspace.engines.sync.errors import SyncRefused
from local_workspace.runtime.errors import invalid

type Read = Callable[[str], pa.Table]
"""Runs a SQL query in Spark and gives its rows, times in UTC."""

_POSTGRES_TYPES = {
    "string": "text",
    "long": "bigint",
    "integer": "integer",
    "short": "smallint",
    "byte": "smallint",
    "double": "double precision",
    "float": "real",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp without time zone",
    "binary": "bytea",
}
_NESTED = ("array", "map", "struct")
_READ_EXACTLY = {"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Reader features that deltalake 1.6 handles, for the table and for its change feed."""
_FEED_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")
_LONGEST_NAME = 63
SYSTEM_COLUMNS = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
_MOST_COLUMNS = 1_600


class FeedGoneError(Exception):
    """The change feed can't be read from the requested version: vacuumed since, or the schema was replaced."""


class SourceError(SyncRefused):
    """A row or a column of the source can't be synced."""


class DeltaSource:
    """The newest version of the Delta table at `path`; `name` is for messages, `read` asks Spark.

    Raises 400 if there is no such table.
    """

    def __init__(self, path: Path, name: str, read: Read) -> None:
        self._path, self._name, self._read = path, name, read
        try:
            self._table = DeltaTable(str(path))
        except TableNotFoundError:
            raise invalid(f"Source table {name} does not exist, or is not a Delta table.") from None
        metadata = self._table.metadata()
        self.version: int = self._table.version()
        self.id = str(metadata.id)
        self._configuration: dict[str, str] = metadata.configuration
        self._fields: list[dict[str, Any]] = json.loads(self._table.schema().to_json())["fields"]

    @property
    def columns(self) -> dict[str, str]:
        """The Postgres type of each column. Raises SourceError for a type or a name that Postgres doesn't have."""
        if len(self._fields) > _MOST_COLUMNS:
            raise SourceError(f"{self._name} has {len(self._fields)} columns; a Postgres table has at most 1600.")
        return {self._checked_name(field["name"]): self._postgres_type(field) for field in self._fields}

    def check(self, key: Sequence[str]) -> None:
        """Raises 400 unless `key` names columns, Postgres can hold them all, and Change Data Feed is on."""
        try:
            missing = [column for column in key if column not in self.columns]
        except SourceError as error:
            raise invalid(str(error)) from None
        if not key or missing:
            raise invalid(
                f"Primary key column {', '.join(missing) or '(none given)'} is not in {self._name}, which "
                f"has {', '.join(self.columns)}."
            )
        holds_map = {field["name"]: '"map"' in json.dumps(field["type"]) for field in self._fields}
        if maps := [column for column in key if holds_map[column]]:
            raise invalid(
                f"Primary key column {maps[0]} of {self._name} is a MAP or holds one, and maps can't be compared: "
                "choose another primary key."
            )
        if self._configuration.get("delta.enableChangeDataFeed") != "true":
            raise invalid(
                f"Source table {self._name} has no Change Data Feed: ALTER TABLE it SET TBLPROPERTIES "
                "('delta.enableChangeDataFeed' = 'true') first."
            )

    def committed(self) -> datetime:
        """When the newest version was committed."""
        return datetime.fromtimestamp(self._table.history(1)[0]["timestamp"] / 1000, UTC)

    def snapshot(self, key: Sequence[str]) -> tuple[list[values.Row], int]:
        """All rows of the newest version that have a key, and the number of those that have none.

        Databricks leaves out rows with NULL in a column of the primary key
        (https://docs.databricks.com/aws/en/oltp/projects/sync-tables).
        Raises SourceError for a value that Postgres can't hold, and for two rows with one key.
        """
        everything = self._rows_of_version()
        table = _with_keys(everything, key)
        found = self._converted(table, list(self.columns), key)
        seen: set[values.Row] = set()
        for row in self._keys(table, key):
            if row in seen:
                raise self._duplicate(key, row)
            seen.add(row)
        return found, everything.num_rows - table.num_rows

    def feed(self, after: int, key: Sequence[str]) -> "Feed":
        """The changes after version `after`, in order. Raises FeedGoneError."""
        try:
            table = None if self._reshaped(after) else self._feed_rows(after + 1)
        except Exception as error:  # deltalake and Spark each have several for a missing file, by when they notice
            raise FeedGoneError(str(error)) from error
        if table is None:
            raise FeedGoneError(f"columns of version {after} were dropped, renamed or changed inside")
        order = pa.table({"version": table.column("_commit_version"), "adds": pc.invert(_removes(table))})
        # Within a commit the old image of a row goes before the new one, so that a row that is replaced stays.
        table = table.take(pc.sort_indices(order, [("version", "ascending"), ("adds", "ascending")]))
        keyed = _with_keys(table, key)
        return Feed(self, keyed, key, _rows_added(table) - _rows_added(keyed))

    def key_too_long(self, key: Sequence[str], rows: Sequence[values.Row]) -> SourceError:
        """Postgres' index can't hold one of the keys: the longest is named."""
        longest = max((row[: len(key)] for row in rows), key=lambda row: len(str(row)))
        return SourceError(
            f"{self._name}, row {_shown(key, longest)}: a primary key of {len(str(longest)):,} characters is longer "
            "than Postgres can index, some 2,700 bytes. Choose a shorter primary key."
        )

    def refused(self, key: Sequence[str], row: values.Row, column: str | None, why: str | None) -> SourceError:
        """Postgres' refusal of a row (the source's columns, or its key alone) as an error that names it."""
        names = list(key) if len(row) < len(self._fields) else list(self.columns)
        named = dict(zip(names, row, strict=False))
        shown = _shown(key, [named[part] for part in key])
        place = f"{self._name}, row {shown}{f', column {column}' if column else ''}"
        return SourceError(f"{place}: {why}. Postgres can't store it: change it in the source.")

    def _rows_of_version(self) -> pa.Table:
        if self._exact(map(self._file, self._table.file_uris())):
            with contextlib.suppress(pa.ArrowInvalid):  # text that is not UTF-8, which Spark reads
                return values.plain(pa.table(self._table.scan()))
        return values.plain(self._read(f"SELECT * FROM delta.`{self._path}` VERSION AS OF {self.version}"))

    def _feed_rows(self, first: int) -> pa.Table:
        if self._exact(self._files_since(first)):
            return values.plain(pa.table(self._table.load_cdf(first, self.version)))
        changes = f"table_changes_by_path('{self._path}', {first}, {self.version})"
        rows = values.plain(self._read(f"SELECT * FROM {changes}"))
        if values.holds_replaced_text(rows):
            raise FeedGoneError(
                "the feed holds the character U+FFFD, with which Spark replaces what is not UTF-8 there"
            )
        return rows

    def _exact(self, files: Iterable[Path]) -> bool:
        """Whether deltalake reads this table's `files` exactly."""
        features = set(self._table.protocol().reader_features or ())
        mapped = self._configuration.get("delta.columnMapping.mode", "none") != "none"
        if mapped or not features <= _READ_EXACTLY:
            return False
        return not self._has_times() or not any(not file.is_file() or _holds_int96(file) for file in files)

    def _file(self, uri: str) -> Path:
        """Where a file of the newest version lies; deltalake quotes the table's folder and not the path within it."""
        folder = f"{quote(str(self._path))}/"
        return self._path / uri.removeprefix(folder) if uri.startswith(folder) else Path(uri)

    def _has_times(self) -> bool:
        return '"timestamp"' in json.dumps(self._fields)

    def _reshaped(self, since: int) -> bool:
        """Whether rows that no commit after version `since` touched read differently now.

        A column that was dropped and added again is empty, one that was renamed holds what another held before, and
        one of a nested type may have other fields. Added columns don't count: rows without them are null there.
        """
        if not any("metaData" in action for action in self._actions_since(since + 1)):
            return False
        before = json.loads(DeltaTable(str(self._path), version=since).schema().to_json())["fields"]
        now = {_shape(field) for field in self._fields}
        return any(_shape(field) not in now for field in before)

    def _actions_since(self, first: int) -> Iterator[dict[str, Any]]:
        """The actions of the commits from version `first` on."""
        log = self._path / "_delta_log"
        for version in range(first, self.version + 1):
            # not splitlines(), which also ends lines at characters that JSON leaves as they are, such as U+2028
            with (log / f"{version:020}.json").open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)

    def _files_since(self, first: int) -> list[Path]:
        """The files that the commits from version `first` on added, change files included."""
        actions = self._actions_since(first)
        paths = (action[kind]["path"] for action in actions for kind in ("add", "cdc") if kind in action)
        # The log has URIs: relative ones, and absolute ones in a shallow clone. Joining keeps an absolute path.
        return [self._path / unquote(urlsplit(path).path) for path in paths]

    def _converted(self, table: pa.Table, columns: list[str], key: Sequence[str]) -> list[values.Row]:
        try:
            return values.rows(table, columns)
        except values.RefusedValue as refused:
            row = self._keys(table.slice(refused.row, 1), key)[0]
            raise SourceError(f"{self._name}, row {_shown(key, row)}, column {refused.column}: {refused.why}") from None

    def _keys(self, table: pa.Table, key: Sequence[str]) -> list[values.Row]:
        """The key of each row, as something that equals itself: NaN does not."""
        try:
            found = values.rows(table, key)
        except values.RefusedValue as refused:
            raise SourceError(f"{self._name}, key column {refused.column}: {refused.why}") from None
        return [tuple("NaN" if part != part else part for part in row) for row in found]

    def _duplicate(self, key: Sequence[str], row: tuple[object, ...]) -> SourceError:
        return SourceError(
            f"PRIMARY_KEY_CONSTRAINT_VIOLATION: {self._name} has several rows with {_shown(key, row)}. Delete all but "
            "one of them, or choose a primary key that tells them apart."
        )

    def _checked_name(self, name: str) -> str:
        if len(name.encode()) > _LONGEST_NAME:
            raise SourceError(
                f"{self._name}: the column name {name!r} has {len(name.encode())} bytes; Postgres takes "
                f"{_LONGEST_NAME}. Rename the column."
            )
        if name in SYSTEM_COLUMNS:
            raise SourceError(f"{self._name}: Postgres keeps the column name {name!r} for itself; rename the column.")
        return name

    def _postgres_type(self, field: dict[str, Any]) -> str:
        kind = field["type"]
        if isinstance(kind, dict) and kind["type"] in _NESTED:
            return "jsonb"
        if isinstance(kind, str) and kind.startswith("decimal"):
            return kind.replace("decimal", "numeric").replace(" ", "")
        if isinstance(kind, str) and kind in _POSTGRES_TYPES:
            return _POSTGRES_TYPES[kind]
        raise SourceError(
            f"{self._name}: the column {field['name']!r} is of type {kind}, which a synced table can't have."
        )


class Feed:
    """The changes of a source between two versions; `keys` are those of its rows.

    `left_out` is by how many the rows without a key became more, or fewer.
    """

    def __init__(self, source: DeltaSource, table: pa.Table, key: Sequence[str], left_out: int) -> None:
        self._source, self._table, self._key, self.left_out = source, table, key, left_out
        self.keys = source._keys(table, key)

    @property
    def size(self) -> int:
        """The number of changes."""
        return int(self._table.num_rows)

    def key_rows(self, indexes: Sequence[int] | None = None) -> list[values.Row]:
        """The keys of all rows, or of those with these indexes, as a COPY takes them."""
        table = self._table if indexes is None else self._table.take(pa.array(indexes, pa.int64()))
        return values.rows(table, self._key)

    def net(self, in_target: Iterable[int]) -> Changes:
        """The net effect, where the target holds the keys of the rows with these indexes. Raises SourceError."""
        kinds = self._table.column("_change_type").to_pylist()
        try:
            return fold(self.keys, kinds, {self.keys[index] for index in in_target}, self._same)
        except DuplicateKey as duplicate:
            raise self._source._duplicate(self._key, duplicate.key) from None

    def rows(self, indexes: Sequence[int]) -> list[values.Row]:
        """These rows, in the order of the source's columns. Raises SourceError."""
        return self._source._converted(
            self._table.take(pa.array(indexes, pa.int64())), list(self._source.columns), self._key
        )

    def _same(self, one: int, other: int) -> bool:
        table = self._table.drop_columns(list(_FEED_COLUMNS))
        return values.fingerprint(table.slice(one)) == values.fingerprint(table.slice(other))


def _with_keys(table: pa.Table, key: Sequence[str]) -> pa.Table:
    for column in key:
        table = table.filter(pc.is_valid(table.column(column)))
    return table


def _shape(field: dict[str, Any]) -> str:
    """A column's name, type and identity under column mapping, with those of the fields inside it."""

    def bare(part: Any) -> Any:
        if isinstance(part, list):
            return [bare(each) for each in part]
        if not isinstance(part, dict):
            return part
        kept = {name: bare(value) for name, value in part.items() if name not in ("metadata", "nullable")}
        return kept | {"id": part.get("metadata", {}).get("delta.columnMapping.id")}

    return json.dumps(bare(field), sort_keys=True)


def _removes(feed: pa.Table) -> pa.ChunkedArray:
    """For each change of a feed whether it removes a row."""
    return pc.is_in(feed.column("_change_type"), pa.array(REMOVES, feed.schema.field("_change_type").type))


def _rows_added(feed: pa.Table) -> int:
    """By how many rows the changes of a feed make its table longer."""
    added: int = feed.num_rows - 2 * pc.sum(_removes(feed), min_count=0).as_py()
    return added


def _shown(key: Sequence[str], row: Sequence[object]) -> str:
    return ", ".join(f"{name} = {reprlib.repr(value)}" for name, value in zip(key, row, strict=True))


def _holds_int96(file: Path) -> bool:
    """Whether a Parquet file has times in the old format, which Arrow reads as nanoseconds from 1677 to 2262 only."""
    schema = pq.ParquetFile(file).schema
    return any(schema.column(index).physical_type == "INT96" for index in range(len(schema)))
