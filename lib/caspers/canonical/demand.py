"""Demand: the number of orders per day, their times of day and their brands."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from caspers.canonical.arrays import Floats, Ints
from caspers.canonical.cities import CITIES, MINUTES, City
from caspers.canonical.schema import DAY_SECONDS

DAY_NOISE = 0.03
"""Sigma of a day's random factor (weather, matches, holidays) on its demand, around 1."""

SECOND_BRAND = 0.08
"""Share of baskets that add something from a second brand of the same kitchen."""


@dataclass(frozen=True)
class Demand:
    """Orders in order of creation; every array has one entry per order.

    `city` indexes `CITIES`, `created` is seconds since day 0, `brand` a brand_id, `second` another or 0 for none.
    """

    city: Ints
    created: Ints
    brand: Ints
    second: Ints


def _created(rng: np.random.Generator, city: City, days: Ints, scale: float) -> Ints:
    """Seconds since day 0 at which one city's orders of `days` are created (unsorted)."""
    factor = rng.normal(1.0, DAY_NOISE, len(days))
    counts = rng.poisson(city.orders_a_day(days) * factor * scale)
    minute = np.searchsorted(city.minute_weights(), rng.random(counts.sum())).clip(max=MINUTES - 1)
    created: Ints = np.repeat(days, counts) * DAY_SECONDS + minute * 60 + rng.integers(0, 60, len(minute))
    return created


def brand_shares(brand_locations: pl.DataFrame, location_id: int, days: Ints) -> tuple[Ints, Floats]:
    """Brands at a location and their cumulative share of its orders, shape (days, brands).

    A brand sells from its start_day up to, not including, its end_day.
    """
    rows = brand_locations.filter(pl.col("location_id") == location_id)
    rank = np.arange(1, rows.height + 1)
    growth, start = rows["growth_rate_monthly"].to_numpy(), rows["start_day"].to_numpy()
    end = rows["end_day"].fill_null(np.iinfo(np.int32).max).to_numpy()
    day = days[:, None]
    weight = rank**-0.5 * np.exp(growth * (day - start) / 30) * ((day >= start) & (day < end))
    return rows["brand_id"].to_numpy(), np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)


def _pick(rng: np.random.Generator, brands: Ints, shares: Floats) -> Ints:
    """One brand for each row of `shares`."""
    chosen = (shares < rng.random(len(shares))[:, None]).sum(axis=1)
    picked: Ints = brands[chosen.clip(max=len(brands) - 1)]
    return picked


def draw_demand(rng: np.random.Generator, brand_locations: pl.DataFrame, days: Ints, scale: float) -> Demand:
    """Draw the orders of consecutive `days` (counted from 0) at all kitchens; `scale` multiplies their number."""
    parts = []
    for number, city in enumerate(CITIES):
        created = _created(rng, city, days, scale)
        brands, shares = brand_shares(brand_locations, city.location_id, days)
        own = shares[created // DAY_SECONDS - days[0]]
        first, second = _pick(rng, brands, own), _pick(rng, brands, own)
        second[(second == first) | (rng.random(len(second)) >= SECOND_BRAND)] = 0
        parts.append((np.full(len(created), number), created, first, second))
    where, created, first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(created, kind="stable")
    return Demand(where[order], created[order], first[order], second[order])
