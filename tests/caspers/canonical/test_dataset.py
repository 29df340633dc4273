"""Reading other people's datasets: what drops in, and what is refused by name."""

import random

import polars as pl
import pytest

from caspers.canonical import schema
from caspers.canonical.content import content_hash
from caspers.canonical.dataset import DatasetError, load_dataset
from caspers.canonical.generate import generate


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("small")
    generate(path, 3, days=3, scale=0.05)
    return path


@pytest.fixture
def copy(small, tmp_path):
    for file in small.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def change(path, table, function):
    file = path / f"{table}.parquet"
    function(pl.read_parquet(file)).write_parquet(file)


def test_other_order_extra_columns_and_float_ids_drop_in(small, copy):
    for table, columns in schema.TABLES.items():
        names = random.Random(1).sample(list(columns), len(columns))
        whole = [name for name in columns if columns[name].is_integer()]
        change(
            copy,
            table,
            lambda frame, names=names, whole=whole: (
                frame.select(names)
                .sample(fraction=1, shuffle=True, seed=2)
                .with_columns(pl.col(whole).cast(pl.Float64), extra=pl.lit("x"))
            ),
        )
    assert content_hash(copy) == content_hash(small)
    assert load_dataset(copy).orders == load_dataset(small).orders


def test_a_dataset_without_pings_drops_in(copy):
    change(copy, "events", lambda frame: frame.filter(pl.col("event_type_id") != schema.PING))
    assert load_dataset(copy).orders > 0


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_missing_file_is_named(copy, table):
    (copy / f"{table}.parquet").unlink()
    with pytest.raises(DatasetError, match=f"{table}.parquet is missing"):
        load_dataset(copy)


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: b"PAR1 not really",
                                    lambda raw: raw[:2000] + bytes(2000) + raw[4000:]])  # fmt: skip
def test_a_damaged_file_is_named(copy, damage):
    file = copy / "events.parquet"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DatasetError, match="events.parquet"):
        load_dataset(copy)


def test_a_missing_column_is_named(copy):
    change(copy, "items", lambda frame: frame.drop("price"))
    with pytest.raises(DatasetError, match=r"items.parquet lacks the column\(s\) price"):
        load_dataset(copy)


def test_a_duplicate_key_is_named(copy):
    change(copy, "events", lambda frame: pl.concat([frame, frame.head(1)]))
    with pytest.raises(DatasetError, match="duplicate keys, for example order_id"):
        load_dataset(copy)


@pytest.mark.parametrize(("table", "column", "value", "message"), [
    ("brands", "brand_id", 1.5, "brand_id must hold whole numbers"),
    ("locations", "name", None, "name must not be null"),
    ("items", "price", "cheap", "wrong type"),
    ("events", "event_type_id", 9, "event_type_id must be 1 to 8"),
])  # fmt: skip
def test_a_wrong_value_is_named(copy, table, column, value, message):
    change(copy, table, lambda frame: frame.with_columns(pl.lit(value).alias(column)))
    with pytest.raises(DatasetError, match=f"{table}.parquet.*{message}"):
        load_dataset(copy)


def test_a_path_that_is_no_directory_is_named(tmp_path):
    with pytest.raises(DatasetError, match="nowhere"):
        load_dataset(tmp_path / "nowhere")
