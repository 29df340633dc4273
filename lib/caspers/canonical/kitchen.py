"""Durations of an order's stages: queue, preparation, packing, the driver's arrival and the drive, in whole seconds."""

from dataclasses import dataclass

import numpy as np

from caspers.canonical.arrays import Floats, Ints
from caspers.canonical.cities import CITIES
from caspers.canonical.demand import Demand
from caspers.canonical.schema import DAY_SECONDS

HOUR = 3600
TRAFFIC = np.array([1.05] * 7 + [0.88] * 3 + [0.95] * 6 + [0.80] * 3 + [0.95] * 2 + [1.05] * 3)
"""Drivers' speed by hour of day, relative to `City.speed`."""


@dataclass(frozen=True)
class Stages:
    """Times of each order's stages in seconds since day 0."""

    started: Ints
    finished: Ints
    ready: Ints
    arrived: Ints
    picked_up: Ints
    delivered: Ints


def _of_city(field: str, city: Ints) -> Floats:
    """The value of a field of `City` for each order; `city` indexes `CITIES`."""
    return np.array([getattr(c, field) for c in CITIES])[city]


def kitchen_load(demand: Demand, scale: float) -> Floats:
    """Orders of the same kitchen in the same hour, relative to what it cooks without queueing."""
    hour = demand.created // HOUR - demand.created.min(initial=0) // HOUR
    slot = hour * len(CITIES) + demand.city
    load: Floats = np.bincount(slot)[slot] / (_of_city("capacity", demand.city) * scale)
    return load


def _cooking(
    rng: np.random.Generator, demand: Demand, prep_min: Ints, pieces: Ints, load: Floats
) -> tuple[Floats, Floats, Floats]:
    """Seconds of queue, preparation and packing: they grow with the brand's dishes, the basket and the load."""
    n = len(load)
    queue = 20 + rng.gamma(2.0, 30 + 45 * load.clip(max=2) ** 2, n)
    variation = np.exp(rng.normal(0, _of_city("spread", demand.city), n))
    prep = prep_min * 60 * (0.72 + 0.06 * pieces.clip(max=8)) * (0.9 + 0.25 * load.clip(max=2) ** 2) * variation
    # Rare, long incidents (a forgotten order, a broken fryer) make the tail beyond P99, for which refunds are due.
    incident = rng.random(n) < _of_city("incidents", demand.city)
    prep += incident * (300 + rng.exponential(15 * 60, n))
    return queue, prep, 30 + rng.gamma(2.0, 22, n)


def _driver(rng: np.random.Generator, created: Ints, ready: Ints) -> tuple[Ints, Ints]:
    """Arrival at the kitchen, early or late, and pick-up a moment after both driver and bag are there."""
    late = (rng.random(len(ready)) < 0.12) * rng.exponential(6 * 60, len(ready))
    arrived = np.maximum(created + 90, ready + rng.normal(-20, 140, len(ready)) + late).astype(np.int64)
    return arrived, np.maximum(arrived, ready) + 15 + rng.gamma(2.0, 14, len(ready)).astype(np.int64)


def draw_stages(
    rng: np.random.Generator,
    demand: Demand,
    prep_min: Ints,
    pieces: Ints,
    metres: Floats,
    scale: float,
) -> Stages:
    """Times of every stage, for brands that take `prep_min` minutes, baskets of `pieces` and routes of `metres`."""
    load = kitchen_load(demand, scale)
    queue, prep, packing = _cooking(rng, demand, prep_min, pieces, load)
    started = demand.created + queue.astype(np.int64)
    finished = started + prep.astype(np.int64)
    ready = finished + packing.astype(np.int64)
    arrived, picked_up = _driver(rng, demand.created, ready)
    traffic = TRAFFIC[picked_up % DAY_SECONDS // HOUR]
    speed = _of_city("speed", demand.city) * traffic * np.exp(rng.normal(0, 0.10, len(ready)))
    return Stages(started, finished, ready, arrived, picked_up, picked_up + 75 + (metres / speed).astype(np.int64))
