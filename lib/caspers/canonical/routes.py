"""Delivery routes: customers' addresses, routes on a street grid, and drivers' positions.

All positions are whole numbers of 1e-5 degrees (about a metre) away from the kitchen, so that routes are exact on any
machine. A route turns only where two streets of the city's grid cross, and stays in the city's box, inland of any
shore.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from caspers.canonical.arrays import Floats, Ints
from caspers.canonical.catalog import street_names
from caspers.canonical.cities import CITIES, City

UNIT = 1e-5
METRES = 1.11195
"""Metres in one unit of latitude."""

BLOCK = np.array([90, 120])
"""Distance between parallel streets in units of latitude and longitude."""

REACH = 1170.0
"""Sigma, in metres, of the distance to customers in either direction."""


@dataclass(frozen=True)
class Routes:
    """Routes of n orders: `points` (n, 7, 2) in degrees (lat, lon), `along` (n, 7) metres driven up to each point.

    A route with fewer turns repeats points. `address` is the customer's street address.
    """

    points: Floats
    along: Floats
    address: pl.Series

    @property
    def metres(self) -> Floats:
        """Length of each route."""
        return self.along[:, -1]


def _offset(rng: np.random.Generator, low: float, high: float, sigma: float, n: int) -> Ints:
    """Draw n whole offsets from a normal distribution cut to [low, high]."""
    grid = np.arange(np.ceil(low), np.floor(high) + 1)
    weight = np.cumsum(np.exp(-0.5 * (grid / sigma) ** 2))
    place = np.searchsorted(weight / weight[-1], rng.random(n))
    drawn: Ints = grid[place.clip(max=len(grid) - 1)].astype(np.int64)
    return drawn


def _customers(rng: np.random.Generator, city: City, n: int) -> Ints:
    """Customers of one city as offsets (n, 2) from its kitchen."""
    south, north, west, east = city.box
    lat = _offset(rng, (south - city.lat) / UNIT, (north - city.lat) / UNIT, REACH / METRES, n)
    shrink = METRES * np.cos(np.radians(city.lat))
    lon = _offset(rng, (west - city.lon) / UNIT, (east - city.lon) / UNIT, REACH / shrink, n)
    return np.stack([lat, lon], axis=1)


def _to_street(offset: Ints | Floats, block: Ints) -> Ints:
    """The nearest street to an offset that is no farther from the kitchen, so it never leaves the city's box."""
    return np.trunc(offset / block).astype(np.int64) * block


def _turns(rng: np.random.Generator, customer: Ints, axis: Ints) -> Ints:
    """Offsets (n, 7, 2) of a staircase from the kitchen to `customer` that goes along `axis` first."""
    n, rows = len(customer), np.arange(len(customer))
    steps = rng.integers(1, 4, n)
    share = np.sort(rng.random((n, 2, 2)), axis=2)
    share = np.concatenate([share, np.ones((n, 2, 1))], axis=2)
    share[:, :, 0][steps == 1] = 1.0
    share[:, :, 1][steps <= 2] = 1.0
    share = np.sort(share, axis=2)
    out = np.zeros((n, 7, 2), dtype=np.int64)
    for leg in range(6):
        out[:, leg + 1] = out[:, leg]
        moving = axis if leg % 2 == 0 else 1 - axis
        goal = customer[rows, moving]
        part = share[rows, moving, leg // 2]
        out[rows, leg + 1, moving] = np.where(part == 1.0, goal, _to_street(goal * part, BLOCK[moving]))
    return out


def _addresses(customer: Ints, axis: Ints) -> pl.Series:
    """House number and street: the street that the last leg runs along, numbered by the distance from the kitchen."""
    rows, names = np.arange(len(customer)), street_names()
    line = customer[rows, axis] // BLOCK[axis]
    number = 100 + np.abs(customer[rows, 1 - axis])
    frame = pl.DataFrame({"number": number, "street": line % len(names), "axis": axis})
    street = pl.Series(names).gather(frame["street"])
    kind = pl.when(pl.col("axis") == 0).then(pl.lit("Street")).otherwise(pl.lit("Avenue"))
    return frame.select(pl.format("{} {} {}", pl.col("number"), street, kind)).to_series()


def draw_routes(rng: np.random.Generator, city: Ints) -> Routes:
    """Draw a customer and a route for each order; `city`, one entry per order, indexes `CITIES`."""
    customer = np.zeros((len(city), 2), dtype=np.int64)
    for number, one in enumerate(CITIES):
        customer[city == number] = _customers(rng, one, int((city == number).sum()))
    axis, rows = rng.integers(0, 2, len(city)), np.arange(len(city))
    customer[rows, axis] = _to_street(customer[rows, axis], BLOCK[axis])
    turns = _turns(rng, customer, axis)
    kitchens = np.array([[c.lat, c.lon] for c in CITIES])[city]
    points = np.round(kitchens[:, None, :] + turns * UNIT, 5)
    scale = np.stack([np.ones(len(city)), np.cos(np.radians(kitchens[:, 0]))], axis=1) * METRES
    legs = np.abs(np.diff(turns, axis=1) * scale[:, None, :]).sum(axis=2)
    along = np.concatenate([np.zeros((len(city), 1)), legs.cumsum(axis=1)], axis=1)
    return Routes(points, along, _addresses(customer, axis))


def route_texts(routes: Routes) -> pl.Series:
    """`route_json` of each route, without the repeated points."""
    n, length, _ = routes.points.shape
    lat, lon = np.moveaxis(routes.points, 2, 0)
    keep = np.diff(routes.along, axis=1, prepend=-1.0) > 0
    frame = pl.DataFrame(
        {"order": np.repeat(np.arange(n), length), "lat": lat.ravel(), "lon": lon.ravel()},
    ).filter(keep.ravel())
    points = frame.with_columns(pl.format("[{}, {}]", "lat", "lon").alias("point"))
    return (
        points.group_by("order", maintain_order=True)
        .agg(pl.format("[{}]", pl.col("point").str.join(", ")).alias("route"))
        .get_column("route")
    )


def positions(routes: Routes, order: Ints, progress: Floats) -> Floats:
    """Where the drivers of `order` are after `progress` (0–1) of their route: (n, 2) degrees, rounded to 1e-5."""
    along, points = routes.along[order], routes.points[order]
    metres = progress * along[:, -1]
    rows = np.arange(len(order))
    leg = ((along[:, 1:-1] <= metres[:, None]).sum(axis=1)).clip(max=along.shape[1] - 2)
    start, end = along[rows, leg], along[rows, leg + 1]
    part = np.where(end > start, (metres - start) / np.where(end > start, end - start, 1), 0.0)[:, None]
    places: Floats = np.round(points[rows, leg] * (1 - part) + points[rows, leg + 1] * part, 5)
    return places
