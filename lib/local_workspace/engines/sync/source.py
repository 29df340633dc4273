"""A Delta table as a source of rows and row changes, read without Spark."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from deltalake.schema import MapType

from local_workspace.runtime.errors import invalid

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
    "timestamp": "timestamptz",
    "timestamp_ntz": "timestamp",
    "binary": "bytea",
}
# Within a commit the old image of a row goes before the new one, so that a row that is replaced stays.
_REMOVES = ("delete", "update_preimage")


class FeedGoneError(Exception):
    """The change feed can't be read from the version asked for: vacuumed since, or the schema was replaced."""


class DeltaSource:
    """The newest version of the Delta table at `path`. Raises 400 if there is none; `name` is for messages."""

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        try:
            self._table = DeltaTable(str(path))
        except TableNotFoundError:
            raise invalid(f"Source table {name} does not exist, or is no Delta table.") from None
        self.version: int = self._table.version()
        self.id = str(self._table.metadata().id)
        self._maps = {field.name for field in self._table.schema().fields if isinstance(field.type, MapType)}
        self.columns = {field.name: _postgres_type(field.type) for field in self._table.schema().fields}

    def check(self, key: list[str]) -> None:
        """Raises 400 unless `key` names columns and the table has Change Data Feed on."""
        missing = [column for column in key if column not in self.columns]
        if not key or missing:
            raise invalid(
                f"Primary key column {', '.join(missing) or '(none given)'} is not in {self._name}, which "
                f"has {', '.join(self.columns)}."
            )
        if self._table.metadata().configuration.get("delta.enableChangeDataFeed") != "true":
            raise invalid(
                f"Source table {self._name} has no Change Data Feed: ALTER TABLE it SET TBLPROPERTIES "
                "('delta.enableChangeDataFeed' = 'true') first."
            )

    def committed(self) -> datetime:
        """When the newest version was committed."""
        return datetime.fromtimestamp(self._table.history(1)[0]["timestamp"] / 1000, UTC)

    def snapshot(self, key: list[str]) -> list[tuple]:
        """All rows of the newest version, one a key; rows without a key are left out, as Lakebase does."""
        frame = pl.DataFrame(self._table.scan()).drop_nulls(key).unique(key, keep="last", maintain_order=True)
        return self._rows(frame)

    def changes(self, after: int, key: list[str]) -> tuple[list[tuple], list[tuple]]:
        """What the commits after version `after` come to: rows to write, and keys to remove.

        Raises FeedGoneError.
        """
        try:
            feed = pl.DataFrame(self._table.load_cdf(after + 1, self.version))
        except Exception as error:  # deltalake has several for a missing file, by when it notices
            raise FeedGoneError(str(error)) from error
        last = (
            feed.drop_nulls(key)
            .with_columns(removed=pl.col("_change_type").is_in(_REMOVES))
            .sort("_commit_version", pl.col("removed").not_(), maintain_order=True)
            .unique(key, keep="last", maintain_order=True)
        )
        return self._rows(last.filter(~pl.col("removed"))), last.filter("removed").select(key).rows()

    def _rows(self, frame: pl.DataFrame) -> list[tuple]:
        nested = [name for name, kind in self.columns.items() if kind == "jsonb"]
        as_json = [
            pl.Series(name, [_json(value, name in self._maps) for value in frame[name].to_list()], pl.String)
            for name in nested
        ]
        return frame.with_columns(as_json).select(list(self.columns)).rows()


def _postgres_type(delta_type: object) -> str:
    name = str(getattr(delta_type, "type", ""))
    if name.startswith("decimal"):
        return name.replace("decimal", "numeric")
    return _POSTGRES_TYPES.get(name, "jsonb")


def _json(value: object, is_map: bool) -> str | None:
    if value is not None and is_map:  # Arrow has maps as lists of entries
        value = {str(entry["key"]): entry["value"] for entry in value}
    return None if value is None else json.dumps(value, default=str)
