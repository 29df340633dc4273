"""Events as lines of JSON: ids, bodies, and text that JSON has to escape."""

import json
import uuid
from datetime import datetime

import polars as pl
import pytest

from caspers.canonical import schema
from caspers.replay.render import as_lines, content, event_ids

NOTHING = dict.fromkeys(schema.TABLES["events"], None)
ITEM = {"id": 1, "category_id": 2, "menu_id": 3, "brand_id": 4, "name": 'Soup "5.0"', "price": 7.0, "qty": 1}


def events(*rows: dict) -> pl.DataFrame:
    """Rows of the events table at noon; what a row leaves out is null."""
    whole = [
        NOTHING | {"order_id": "AB12CD", "location_id": 1, "sequence": place} | row for place, row in enumerate(rows)
    ]
    frame = pl.DataFrame(whole, schema=schema.TABLES["events"])
    return frame.with_columns(pl.lit(datetime(2026, 3, 2, 12, 0, 0, 5_000)).alias("ts"))


def bodies(*rows: dict) -> list[dict]:
    """The bodies of events, parsed."""
    return [json.loads(body) for body in as_lines(events(*rows))["body"]]


def test_ids_are_uuids_that_depend_on_order_and_sequence_alone():
    orders = ["AB12CD", "AB12CD", "AB12CE", "AB12CD-L1", "AB12CD-L1-and-longer", "é", ""]
    numbers = [1, 2, 1, 1, 1, 1, 1]
    found = event_ids(pl.Series(orders), pl.Series(numbers, dtype=pl.Int8)).to_list()
    assert len({*found}) == len(orders)
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in found} == {(8, uuid.RFC_4122)}
    alone = [
        event_ids(pl.Series([order]), pl.Series([number]))[0] for order, number in zip(orders, numbers, strict=True)
    ]
    assert alone == found  # whatever an id is computed together with


def test_ids_of_a_part_of_a_table_are_those_of_the_whole():
    orders, numbers = pl.Series([f"A{n}" * (1 + n % 4) for n in range(50)]), pl.Series(range(50))
    assert event_ids(orders[20:30], numbers[20:30]).to_list() == event_ids(orders, numbers).to_list()[20:30]


def test_an_event_of_each_type_has_its_own_body_in_the_order_of_the_rows():
    place = {"customer_lat": 37.5, "customer_lon": -122.25}
    rows = [
        {"event_type_id": schema.DELIVERED, **place},
        {"event_type_id": schema.PING, "ping_lat": 37.25, "ping_lon": -122.0, "ping_progress": 50.0},
        {"event_type_id": schema.CREATED, **place, "customer_addr": "1 Elm", "items_json": json.dumps([ITEM])},
        {"event_type_id": schema.READY},
        {"event_type_id": schema.PICKED_UP, "route_json": "[[37.5, -122.25]]"},
    ]
    assert bodies(*rows) == [
        {"delivered_lat": 37.5, "delivered_lon": -122.25},
        {"progress_pct": 50.0, "loc_lat": 37.25, "loc_lon": -122.0},
        {"customer_lat": 37.5, "customer_lon": -122.25, "customer_addr": "1 Elm", "items": [ITEM]},
        {},
        {"route_points": [[37.5, -122.25]]},
    ]


@pytest.mark.parametrize("address", ['12 "Elm" \\ Street', "line\nbreak\ttab", "Straße 5 🍜", "", "\x01", "a{}b"])
def test_any_address_is_valid_json(address):
    created = {"event_type_id": schema.CREATED, "customer_addr": address}
    assert bodies(created)[0]["customer_addr"] == address
    lines = content(events(created, created)).read().decode().splitlines()
    assert [json.loads(json.loads(line)["body"])["customer_addr"] for line in lines] == [address] * 2


def test_what_is_unknown_is_null_or_empty():
    assert bodies({"event_type_id": schema.CREATED}, {"event_type_id": schema.PICKED_UP}) == [
        {"customer_lat": None, "customer_lon": None, "customer_addr": None, "items": []},
        {"route_points": []},
    ]


def test_ids_that_a_dataset_wrote_as_floats_are_whole_numbers_and_prices_and_names_stay():
    floats = ITEM | {name: float(ITEM[name]) for name in ("id", "category_id", "menu_id", "brand_id", "qty")}
    (body,) = bodies({"event_type_id": schema.CREATED, "items_json": json.dumps([floats])})
    assert json.dumps(body["items"]) == json.dumps([ITEM])


def test_the_envelope_has_its_type_and_its_time_to_the_millisecond():
    (line,) = as_lines(events({"event_type_id": schema.READY})).drop("event_id", "body").to_dicts()
    assert line == {
        "event_type": "gk_ready",
        "ts": "2026-03-02 12:00:00.005",
        "location_id": 1,
        "order_id": "AB12CD",
        "sequence": 0,
    }
