"""The committed dataset keeps the contract: sizes, keys, the order of events, baskets and routes."""

import os
import re
import subprocess
import sys

import numpy as np
import polars as pl

from canonical_orders import LINE, REPO, of_type
from caspers.canonical import schema
from caspers.canonical.cities import CITIES
from caspers.canonical.content import content_hash
from caspers.canonical.generate import PING_SECONDS, SEED, generate, order_ids
from caspers.canonical.routes import BLOCK, METRES, UNIT


def test_committed_dataset_is_what_the_generator_makes(dataset):
    stored = (REPO / "data/canonical/content.sha256").read_text().split()[0]
    assert content_hash(dataset.path) == stored


def test_the_generator_makes_the_same_content_again(dataset, tmp_path):
    generate(tmp_path, SEED)
    assert content_hash(tmp_path) == content_hash(dataset.path)


def test_an_older_processor_makes_the_same_content(dataset, tmp_path):
    # Newer instructions compute exp and log in another way, which could tip a rounding.
    newer = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    command = [sys.executable, "-m", "caspers.canonical", "generate", "--out", str(tmp_path)]
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(newer)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert content_hash(tmp_path) == content_hash(dataset.path)


def test_committed_files_are_small(dataset):
    assert sum(file.stat().st_size for file in dataset.path.glob("*.parquet")) <= 25_000_000


def test_sizes(dataset):
    heights = {name: table.height for name, table in dataset.tables.items()}
    assert dataset.orders >= 75_000 and heights["events"] >= 1_000_000
    assert (heights["locations"], heights["brands"]) == (4, 24)
    assert heights["categories"] >= 110 and heights["items"] >= 180


def test_foreign_keys_are_whole(dataset):
    tables = dataset.tables
    for child, column, parent, key in [
        ("menus", "brand_id", "brands", "brand_id"), ("categories", "menu_id", "menus", "id"),
        ("items", "category_id", "categories", "id"), ("items", "menu_id", "menus", "id"),
        ("brand_locations", "brand_id", "brands", "brand_id"),
        ("brand_locations", "location_id", "locations", "location_id"),
        ("events", "location_id", "locations", "location_id"),
    ]:  # fmt: skip
        missing = set(tables[child][column].unique()) - set(tables[parent][key])
        assert not missing, f"{child}.{column} has no {parent}: {missing}"


def test_order_ids_are_six_letters_or_digits_and_unique(stages):
    assert stages["order_id"].str.contains(r"^[A-Z0-9]{6}$").all()
    assert stages["order_id"].is_unique().all()
    ids = order_ids(0, 5, seed=1)
    assert ids.equals(order_ids(0, 9, seed=1).head(5)) and ids.n_unique() == 5


def test_every_order_passes_every_stage_once_and_in_order(dataset, stages):
    once = dataset.events.filter(pl.col("event_type_id") != schema.PING)
    assert once.height == stages.height * 7
    for before, after in [(1, 2), (2, 3), (3, 4), (4, 6), (5, 6), (6, 8)]:
        assert (stages[str(before)] <= stages[str(after)]).all(), f"stage {before} after {after}"
    by_sequence = dataset.events.sort("order_id", "sequence")
    steps = by_sequence.select(
        pl.col("sequence").diff().over("order_id").alias("sequence"), pl.col("ts_seconds").diff().over("order_id")
    ).drop_nulls()
    assert (steps["sequence"] == 1).all() and (steps["ts_seconds"] >= 0).all()


def test_drivers_ping_every_minute_from_pick_up_until_before_delivery(dataset, stages):
    pings = of_type(dataset, schema.PING).sort("order_id", "ts_seconds")
    gaps = pings.select(pl.col("ts_seconds").diff().over("order_id")).drop_nulls()
    assert (gaps["ts_seconds"] == PING_SECONDS).all()
    ends = pings.group_by("order_id").agg(first=pl.min("ts_seconds"), last=pl.max("ts_seconds"),
                                          start=pl.min("ping_progress"), end=pl.max("ping_progress"))  # fmt: skip
    both = stages.join(ends, on="order_id")
    assert both.height == stages.height
    assert (both["first"] == both[str(schema.PICKED_UP)]).all() and (both["start"] == 0).all()
    assert (both["last"] < both[str(schema.DELIVERED)]).all() and (both["end"] <= 100).all()


def test_routes_run_along_the_grid_from_kitchen_to_customer(dataset):
    points = of_type(dataset, schema.PICKED_UP).head(5_000).select(
        "order_id", "location_id", point=pl.col("route_json").str.json_decode(pl.List(pl.List(pl.Float64)))
    ).explode("point").with_columns(lat=pl.col("point").list.get(0), lon=pl.col("point").list.get(1))  # fmt: skip
    moves = points.select(pl.col("lat", "lon").diff().over("order_id")).drop_nulls()
    assert ((moves["lat"].abs() < 1e-9) | (moves["lon"].abs() < 1e-9)).all()
    ends = points.group_by("order_id").agg(pl.first("location_id"), pl.first("lat"), pl.first("lon"),
                                           to_lat=pl.last("lat"), to_lon=pl.last("lon"))  # fmt: skip
    ends = ends.join(dataset.tables["locations"], on="location_id").join(
        of_type(dataset, schema.CREATED).select("order_id", "customer_lat", "customer_lon"), on="order_id"
    )
    assert np.allclose(ends["lat"], ends["lat_right"]) and np.allclose(ends["lon"], ends["lon_right"])
    assert np.allclose(ends["to_lat"], ends["customer_lat"], atol=1e-5)
    assert np.allclose(ends["to_lon"], ends["customer_lon"], atol=1e-5)


def route_metres(dataset) -> pl.DataFrame:
    """Metres of each order's route (order_id, metres), by adding up its legs."""
    points = of_type(dataset, schema.PICKED_UP).select(
        "order_id", point=pl.col("route_json").str.json_decode(pl.List(pl.List(pl.Float64)))
    ).explode("point").select("order_id", lat=pl.col("point").list.get(0), lon=pl.col("point").list.get(1))  # fmt: skip
    return points.group_by("order_id").agg(metres=legs("lat", "lon").sum())


def legs(lat: str, lon: str) -> pl.Expr:
    """Metres from each position to the next, along the grid."""
    shrink = pl.col(lat).cast(pl.Float64).radians().cos()
    north, east = (pl.col(name).cast(pl.Float64).diff().abs() * METRES / UNIT for name in (lat, lon))
    return north + east * shrink


def test_pings_agree_with_length_and_speed_of_the_route(dataset, stages):
    pings = of_type(dataset, schema.PING).sort("order_id", "ts_seconds")
    driven = pings.select("order_id", metres=legs("ping_lat", "ping_lon").over("order_id")).drop_nulls()
    drive = (pl.col(str(schema.DELIVERED)) - pl.col(str(schema.PICKED_UP))).alias("seconds")
    whole = route_metres(dataset).join(stages.select("order_id", drive), on="order_id")
    both = driven.join(whole, on="order_id")
    expected = both["metres_right"] * PING_SECONDS / both["seconds"]
    assert both.height > 400_000 and (both["metres"] - expected).abs().max() < 3  # positions are rounded to a metre
    speed = whole.filter(pl.col("metres") > 1_000).select(pl.col("metres") / pl.col("seconds")).to_series()
    assert speed.min() > 1.5 and speed.max() < 12 and 3 < speed.median() < 7


SHORES = {
    "San Francisco": ("lon", -122.51, -122.3985),  # the Pacific; Mission Creek, where the bay reaches farthest inland
    "Silicon Valley": ("lat", 37.20, 37.41),  # salt ponds of the bay begin north of this
    "Bellevue": ("lon", -122.199, -122.09),  # Lake Washington; Lake Sammamish
    "Chicago": ("lon", -87.80, -87.637),  # North Pond and the lagoons of Lake Michigan's shore
}
"""Shores by kitchen, read from a map: the land lies between the two degrees."""


def test_nobody_drives_through_the_bay_or_a_lake(dataset):
    places = dataset.tables["locations"].select("location_id", kitchen="name")
    pings = of_type(dataset, schema.PING).join(places, on="location_id")
    for kitchen, (axis, low, high) in SHORES.items():
        here = pings.filter(pl.col("kitchen") == kitchen)
        assert here.height > 50_000 and here[f"ping_{axis}"].is_between(low, high).all(), kitchen


def test_nobody_drives_out_of_the_city_box(dataset):
    pings = of_type(dataset, schema.PING)
    for city in CITIES:
        here = pings.filter(pl.col("location_id") == city.location_id)
        south, north, west, east = city.box
        slack = BLOCK.max() * 1e-5 / 100
        assert here["ping_lat"].is_between(south - slack, north + slack).all(), city.name
        assert here["ping_lon"].is_between(west - slack, east + slack).all(), city.name


def test_baskets_hold_real_items_of_one_brand_or_two(dataset):
    created = of_type(dataset, schema.CREATED)
    lines = created.select("order_id", line=pl.col("items_json").str.json_decode(LINE)).explode("line").unnest("line")
    known = lines.join(dataset.tables["items"], on=["id", "category_id", "menu_id", "brand_id", "name", "price"])
    assert known.height == lines.height and (lines["qty"] >= 1).all()
    brands = lines.group_by("order_id").agg(brands=pl.n_unique("brand_id"))["brands"]
    assert set(brands) == {1, 2} and 0.03 < (brands == 2).mean() < 0.15
    totals = lines.group_by("order_id").agg(total=(pl.col("price") * pl.col("qty")).sum())["total"]
    assert totals.min() >= 8 and 20 < totals.median() < 60


def test_menus_read_like_their_brands(dataset):
    items = dataset.tables["items"].join(dataset.tables["brands"].select("brand_id", brand="name"), on="brand_id")
    for brand, word in [("Copper Skillet Burgers", "Burger"), ("Forno Bellavista", "Pizza"),
                        ("Wing Cartographers", "Wings"), ("Ramen Observatory", "Ramen")]:  # fmt: skip
        menu = items.filter(pl.col("brand") == brand)["name"]
        assert sum(bool(re.search(word, name)) for name in menu) >= 3
    assert items["price"].is_between(1, 40).all()
