"""Reading a canonical dataset, this project's or another one; it is validated before anything is made from it."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs

from caspers.canonical import schema


class DatasetError(ValueError):
    """A dataset that can't be used: the message names the file, and the column or key that is wrong."""


def reason(error: Exception) -> str:
    """The first line of a Polars error; the rest explains its query, not the file."""
    return str(error).partition("\n")[0]


@dataclass(frozen=True)
class Dataset:
    """The tables of a canonical dataset, in the contract's columns and types."""

    path: Path
    tables: dict[str, pl.DataFrame]

    @property
    def events(self) -> pl.DataFrame:
        """All events (order_id, location_id, event_type_id, ts_seconds …)."""
        return self.tables["events"]

    @property
    def orders(self) -> int:
        """Number of orders."""
        return self.events["order_id"].n_unique()


def _checked_columns(file: Path, table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """`frame` with the contract's columns only; DatasetError names the missing ones."""
    columns = schema.TABLES[table]
    try:
        found = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DatasetError(f"{file} is damaged: it can't be read as Parquet ({reason(error)})") from None
    missing = [name for name in columns if name not in found]
    if missing:
        raise DatasetError(f"{file} lacks the column(s) {', '.join(missing)}; it has {', '.join(found)}")
    return frame.select(columns.keys())


def _integers(table: str) -> list[str]:
    return [name for name, kind in schema.TABLES[table].items() if kind.is_integer()]


def scan_table(path: Path, table: str) -> pl.LazyFrame:
    """A table of the dataset at `path` as a lazy frame in the contract's columns and types.

    Ids may be stored as integers or as whole floats. Raises DatasetError if the file is missing or damaged or a
    column is missing; values are checked by `load_dataset`.
    """
    file = Path(path) / f"{table}.parquet"
    if not file.is_file():
        raise DatasetError(f"{file} is missing: the dataset needs {', '.join(f'{t}.parquet' for t in schema.TABLES)}")
    frame = _checked_columns(file, table, pl.scan_parquet(file))
    return frame.cast({name: kind for name, kind in schema.TABLES[table].items()})


def _check_fractions(file: Path, table: str) -> None:
    """Raise DatasetError for an id or count stored as a float that isn't whole."""
    stored = pl.scan_parquet(file).select(_integers(table)).select(cs.float())
    broken = stored.select((pl.all() != pl.all().round()).any()).collect()
    names = [name for name in broken.columns if broken[name][0]]
    if names:
        raise DatasetError(f"{file}: {', '.join(names)} must hold whole numbers")


def _check_values(file: Path, table: str, frame: pl.DataFrame) -> None:
    """Raise DatasetError for a null where the contract allows none, or a duplicate key."""
    required = [name for name in frame.columns if name not in schema.NULLABLE.get(table, set())]
    nulls = [name for name in required if frame[name].has_nulls()]
    if nulls:
        raise DatasetError(f"{file}: {', '.join(nulls)} must not be null")
    key = list(schema.KEYS[table])
    twice = frame.select(key).filter(pl.struct(key).is_duplicated())
    if twice.height:
        shown = ", ".join(f"{name} {value}" for name, value in twice.sort(key).row(0, named=True).items())
        raise DatasetError(f"{file} has duplicate keys, for example {shown}")


def load_table(path: Path, table: str) -> pl.DataFrame:
    """Read and validate one table of the dataset at `path`. Raises DatasetError that names what is wrong."""
    file = Path(path) / f"{table}.parquet"
    lazy = scan_table(path, table)
    try:
        _check_fractions(file, table)
        frame = lazy.collect()
    except pl.exceptions.InvalidOperationError as error:
        raise DatasetError(f"{file} has a value of the wrong type: {reason(error)}") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DatasetError(f"{file} is damaged: {reason(error)}") from None
    _check_values(file, table, frame)
    return frame


def _check_events(path: Path, events: pl.DataFrame) -> None:
    """Raise DatasetError unless there is at least one event and all types are the contract's."""
    file = Path(path) / "events.parquet"
    if events.is_empty():
        raise DatasetError(f"{file} holds no events")
    kind = pl.col("event_type_id")
    low, high = events.select(low=kind.min(), high=kind.max()).row(0)
    if low < 1 or high > len(schema.EVENT_TYPES):
        raise DatasetError(f"{file}: event_type_id must be 1 to {len(schema.EVENT_TYPES)}, found {low} to {high}")


def _check_items(path: Path, events: pl.DataFrame) -> None:
    """Raise DatasetError unless baskets are JSON arrays of items with all fields of the contract."""
    file = Path(path) / "events.parquet"
    try:
        baskets = events["items_json"].drop_nulls().str.json_decode(pl.List(pl.Struct(schema.ITEM)))
    except pl.exceptions.ComputeError as error:
        raise DatasetError(f"{file}: items_json must hold JSON arrays of items ({reason(error)})") from None
    lines = baskets.explode().drop_nulls()
    missing = [name for name, column in lines.struct.unnest().to_dict().items() if column.has_nulls()]
    if missing:
        raise DatasetError(f"{file}: an item in items_json lacks {', '.join(missing)}")


def load_dataset(path: Path) -> Dataset:
    """Read and validate the dataset at `path` (a directory of Parquet files).

    Extra columns and files are ignored, rows and columns may come in any order. Raises DatasetError, naming the file,
    for a missing or damaged file, a missing column, a wrong or null value and a duplicate key.
    """
    path = Path(path)
    if not path.is_dir():
        raise DatasetError(f"the dataset {path} is not a directory")
    dataset = Dataset(path, {table: load_table(path, table) for table in schema.TABLES})
    _check_events(path, dataset.events)
    _check_items(path, dataset.events)
    return dataset
