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


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float32, pl.Float64])
def test_ids_of_any_number_type_drop_in(small, copy, kind):
    for table, columns in schema.TABLES.items():
        ids = [name for name in columns if name.endswith("id") and columns[name].is_integer()]
        change(copy, table, lambda frame, ids=ids: frame.with_columns(pl.col(ids).cast(kind)))
    assert content_hash(copy) == content_hash(small)


def test_nulls_drop_in_wherever_the_contract_allows_them(copy):
    for table, columns in schema.NULLABLE.items():
        kinds = schema.TABLES[table]
        change(copy, table, lambda frame, columns=columns, kinds=kinds: frame.with_columns(
            pl.lit(None, kinds[name]).alias(name) for name in columns))  # fmt: skip
    tables = load_dataset(copy).tables
    assert all(tables[table][name].is_null().all() for table, names in schema.NULLABLE.items() for name in names)


def test_columns_without_any_value_drop_in_whatever_their_type(copy):
    change(copy, "brand_locations", lambda frame: frame.with_columns(end_day=pl.lit(None)))
    assert load_dataset(copy).tables["brand_locations"]["end_day"].dtype == pl.Int32


def test_other_brands_and_cities_drop_in(copy):
    change(copy, "brands", lambda frame: frame.with_columns(
        pl.col("brand_id") + 500, name=pl.lit("Ünlü Köfte ") + pl.col("brand_id").cast(pl.String)))  # fmt: skip
    for table in ("menus", "categories", "items", "brand_locations"):
        change(copy, table, lambda frame: frame.with_columns(pl.col("brand_id") + 500))
    change(copy, "locations", lambda frame: frame.with_columns(
        pl.col("location_id") + 90, name=pl.lit("Lyon"), lat=45.76, lon=4.83))  # fmt: skip
    for table in ("brand_locations", "events"):
        change(copy, table, lambda frame: frame.with_columns(pl.col("location_id") + 90))
    assert set(load_dataset(copy).events["location_id"]) == {91, 92, 93, 94}


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_missing_file_is_named(copy, table):
    (copy / f"{table}.parquet").unlink()
    with pytest.raises(DatasetError, match=f"{table}.parquet is missing"):
        load_dataset(copy)


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda _: b"PAR1 not really",
                                    lambda raw: raw[:2000] + bytes(2000) + raw[4000:]])  # fmt: skip
def test_a_damaged_file_is_named(copy, damage):
    file = copy / "events.parquet"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DatasetError, match="events.parquet is damaged") as caught:
        load_dataset(copy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("table", "column"), [(table, list(schema.TABLES[table])[-1]) for table in schema.TABLES])
def test_a_missing_column_is_named(copy, table, column):
    change(copy, table, lambda frame: frame.drop(column))
    with pytest.raises(DatasetError, match=rf"{table}.parquet lacks the column\(s\) {column}"):
        load_dataset(copy)


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_duplicate_key_is_named(copy, table):
    change(copy, table, lambda frame: pl.concat([frame, frame.head(1)]))
    with pytest.raises(DatasetError, match=f"{table}.parquet has duplicate keys, for example {schema.KEYS[table][0]}"):
        load_dataset(copy)


@pytest.mark.parametrize(("basket", "message"), [
    ("[{", "items_json must hold JSON arrays of items"),
    ('{"id": 1}', "items_json must hold JSON arrays of items"),
    ('[{"id": 1, "category_id": 1, "menu_id": 1, "brand_id": 1, "name": "Soup", "qty": 1}]', "lacks price"),
])  # fmt: skip
def test_a_broken_basket_is_named(copy, basket, message):
    change(copy, "events", lambda frame: frame.with_columns(
        items_json=pl.when(pl.col("items_json").is_not_null()).then(pl.lit(basket))))  # fmt: skip
    with pytest.raises(DatasetError, match=f"events.parquet.*{message}") as caught:
        load_dataset(copy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("table", "column", "value", "message"), [
    ("brands", "brand_id", 1.5, "brand_id must hold whole numbers"),
    ("brands", "brand_id", float("nan"), "wrong type"),
    ("events", "location_id", 1000, "wrong type"),
    ("locations", "name", None, "name must not be null"),
    ("items", "price", "cheap", "wrong type.*'price'"),
    ("events", "event_type_id", 9, "event_type_id must be 1 to 8"),
])  # fmt: skip
def test_a_wrong_value_is_named(copy, table, column, value, message):
    change(copy, table, lambda frame: frame.with_columns(pl.lit(value).alias(column)))
    with pytest.raises(DatasetError, match=f"{table}.parquet.*{message}") as caught:
        load_dataset(copy)
    assert "\n" not in str(caught.value)


def test_a_path_that_is_no_directory_is_named(tmp_path):
    with pytest.raises(DatasetError, match="nowhere"):
        load_dataset(tmp_path / "nowhere")
