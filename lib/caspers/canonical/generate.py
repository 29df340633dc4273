"""From a seed to the seven Parquet files of a canonical dataset."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from caspers.canonical import schema
from caspers.canonical.arrays import Floats, Ints
from caspers.canonical.baskets import draw_baskets
from caspers.canonical.catalog import dimensions
from caspers.canonical.demand import Demand, draw_demand
from caspers.canonical.kitchen import Stages, draw_stages
from caspers.canonical.routes import Routes, draw_routes, positions, route_texts

SEED = 20240101
DAYS = 90
PING_SECONDS = 60
CHUNK_DAYS = 7
"""Days that are drawn together, fewer at a greater scale: memory grows with their orders, not with all of them."""

_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", dtype=np.uint8)
_IDS = len(_LETTERS) ** 6
_STRIDE = 1_640_531_527
"""Coprime to `_IDS`, so that stepping by it visits every id once; not a small number, so neighbours look unrelated."""


def order_ids(first: int, count: int, seed: int) -> pl.Series:
    """Ids of the orders numbered from `first`: six characters A–Z0–9, all different for one seed."""
    number = (np.arange(first, first + count) * _STRIDE + seed * 7_919) % _IDS
    digits = np.stack([number // 36**place % 36 for place in range(6)], axis=1)
    return pl.Series("order_id", [_LETTERS[digits].tobytes().decode()]).str.extract_all(".{6}").explode()


def _stage_events(demand: Demand, stages: Stages, routes: Routes, items: pl.Series) -> list[pl.DataFrame]:
    """One frame for each type of event that an order has once."""
    order = np.arange(len(demand.created))
    end = routes.points[:, -1]
    place: dict[str, Floats | pl.Series] = {"customer_lat": end[:, 0], "customer_lon": end[:, 1]}
    once: dict[int, tuple[Ints, dict[str, Floats | pl.Series]]] = {
        schema.CREATED: (demand.created, place | {"customer_addr": routes.address, "items_json": items}),
        schema.STARTED: (stages.started, {}),
        schema.FINISHED: (stages.finished, {}),
        schema.READY: (stages.ready, {}),
        schema.ARRIVED: (stages.arrived, {}),
        schema.PICKED_UP: (stages.picked_up, {"route_json": route_texts(routes)}),
        schema.DELIVERED: (stages.delivered, place),
    }
    return [
        pl.DataFrame({"order": order, "ts_seconds": ts, **more}).with_columns(event_type_id=pl.lit(kind))
        for kind, (ts, more) in once.items()
    ]


def _ping_events(stages: Stages, routes: Routes) -> pl.DataFrame:
    """Pings every minute, the first at pick-up and the last before delivery."""
    drive = stages.delivered - stages.picked_up
    count = (drive + PING_SECONDS - 1) // PING_SECONDS
    order = np.repeat(np.arange(len(drive)), count)
    since = (np.arange(len(order)) - np.repeat(count.cumsum() - count, count)) * PING_SECONDS
    progress = since / drive[order]
    place = positions(routes, order, progress)
    return pl.DataFrame(
        {
            "order": order,
            "ts_seconds": stages.picked_up[order] + since,
            "ping_lat": place[:, 0],
            "ping_lon": place[:, 1],
            "ping_progress": np.round(progress * 100, 1),
        }
    ).with_columns(event_type_id=pl.lit(schema.PING))


def _in_contract(events: pl.DataFrame, ids: pl.Series, city: Ints) -> pl.DataFrame:
    """Events by order and sequence, in the contract's columns and types."""
    ordered = events.sort("order", "ts_seconds", "event_type_id")
    return ordered.select(
        ids.gather(ordered["order"]).alias("order_id"),
        pl.Series("location_id", city[ordered["order"].to_numpy()] + 1),
        "event_type_id",
        pl.col("ts_seconds") + int(schema.FIRST_DAY.timestamp()),
        pl.int_range(pl.len()).over("order").alias("sequence"),
        *list(schema.TABLES["events"])[5:],
    ).cast({name: kind for name, kind in schema.TABLES["events"].items()})


def _draw(
    tables: dict[str, pl.DataFrame], days: Ints, first: int, seed: int, scale: float, end: int
) -> tuple[pl.DataFrame, int]:
    """Events of the orders created on `days`, and how many orders were drawn.

    An order that would be delivered at second `end` after day 0 or later is left out.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(days[0])])))
    demand = draw_demand(rng, tables["brand_locations"], days, scale)
    items, pieces = draw_baskets(rng, tables["items"], demand.brand, demand.second)
    routes = draw_routes(rng, demand.city)
    prep = tables["brands"]["avg_prep_time_min"].gather(demand.brand - 1).to_numpy()
    stages = draw_stages(rng, demand, prep, pieces, routes.metres, scale)
    events = pl.concat([*_stage_events(demand, stages, routes, items), _ping_events(stages, routes)], how="diagonal")
    late = pl.Series(np.nonzero(stages.delivered >= end)[0])
    events = events.filter(~pl.col("order").is_in(late.implode()))
    ids = order_ids(first, len(demand.created), seed)
    return _in_contract(events, ids, demand.city), len(demand.created)


def draw_events(seed: int, days: int, scale: float) -> Iterator[pl.DataFrame]:
    """Events of `days` days in chunks of up to a week, drawn from `seed`; `scale` multiplies the number of orders."""
    tables, first = dimensions(), 0
    together = max(1, round(CHUNK_DAYS / max(scale, 1)))
    for day in range(0, days, together):
        chunk = np.arange(day, min(day + together, days))
        events, count = _draw(tables, chunk, first, seed, scale, days * schema.DAY_SECONDS)
        first += count
        yield events


def _check(seed: int, days: int, scale: float) -> None:
    if seed < 0 or days < 1 or not 0 < scale < 1_000:
        raise ValueError("generate needs --seed 0 or more, --days 1 or more and --scale between 0 and 1000")


def _write_tables(work: Path, seed: int, days: int, scale: float, report: Callable[[str], None]) -> None:
    """Write all seven files to the directory `work`: events in parts first, then packed into one file."""
    for name, table in dimensions().items():
        table.write_parquet(work / f"{name}.parquet", compression="zstd")
    for number, events in enumerate(draw_events(seed, days, scale)):
        events.write_parquet(work / f"part-{number:04d}")
        reached: int | None = events.select(pl.col("ts_seconds").max()).item()
        report(f"drawn up to {datetime.fromtimestamp(reached, UTC):%d %B %Y}" if reached else "no orders yet")
    report("packing the events into one file")
    parts = pl.scan_parquet(work / "part-*", glob=True)
    parts.sink_parquet(work / "events.parquet", compression="zstd", compression_level=9, row_group_size=65_536)


def generate(
    out: Path, seed: int = SEED, days: int = DAYS, scale: float = 1.0, report: Callable[[str], None] = lambda _: None
) -> None:
    """Write a canonical dataset to the directory `out`; each file appears whole, an older one is replaced.

    `days` are counted from 2024-01-01, `scale` multiplies the number of orders. `report` is called with a message at
    each step. Raises ValueError for a seed, number of days or scale out of range.
    """
    _check(seed, days, scale)
    out.mkdir(parents=True, exist_ok=True)
    for left_by_a_killed_run in out.glob(".generate-*"):
        shutil.rmtree(left_by_a_killed_run)
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=out) as work:
        _write_tables(Path(work), seed, days, scale, report)
        for name in schema.TABLES:
            os.replace(Path(work) / f"{name}.parquet", out / f"{name}.parquet")
