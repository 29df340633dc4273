"""The four kitchens: their location and delivery area, their growth, and their demand over the day."""

from dataclasses import dataclass
from math import log

import numpy as np

from caspers.canonical.arrays import Floats, Ints

MINUTES = 24 * 60
GROWTH_DAYS = 86
"""Days between the middle of the first week and the middle of the last: City.change is the ratio over these."""

WEEK = np.array([0.85, 0.88, 0.92, 1.00, 1.12, 1.173, 1.03])
"""Demand from Monday to Sunday where there is a weekly pattern: Saturday is 1.38 times Monday."""


@dataclass(frozen=True)
class City:
    """One kitchen and the part of its city that it delivers to.

    `box` is (south, north, west, east) in degrees. It lies inland of every shore, so a route that runs along the
    grid inside it never crosses the bay or a lake. `change` is the ratio of the last week's orders to the first
    week's; `meals` are peaks as (minute of day, width in minutes, weight); `weekly` is whether weekends are
    busier; `capacity` is the orders per hour that the kitchen cooks without queueing; `incidents` the share of orders
    with an incident; `spread` the sigma of log preparation time; `speed` the drivers' metres per second in light
    traffic.
    """

    location_id: int
    code: str
    name: str
    address: str
    lat: float
    lon: float
    box: tuple[float, float, float, float]
    narrative: str
    base_orders: float
    change: float
    meals: tuple[tuple[float, float, float], ...]
    capacity: float
    incidents: float
    spread: float
    speed: float
    weekly: bool = True

    @property
    def growth(self) -> float:
        """Daily growth rate of the orders (continuous)."""
        return log(self.change) / GROWTH_DAYS

    def orders_a_day(self, days: Ints) -> Floats:
        """Expected orders on each of `days` (counted from 0, a Monday)."""
        week = WEEK / WEEK.mean() if self.weekly else np.ones(7)
        return self.base_orders * np.exp(self.growth * days) * week[days % 7]

    def minute_weights(self) -> Floats:
        """Cumulative share of the day's orders at the end of each minute, shape (1440,)."""
        minute = np.arange(MINUTES)
        weight = np.where((minute >= 10 * 60) & (minute < 22 * 60), 0.10, 0.004) / 60
        for centre, width, share in self.meals:
            gap = (minute - centre + MINUTES / 2) % MINUTES - MINUTES / 2
            weight = weight + share / width * np.exp(-0.5 * (gap / width) ** 2)
        cumulative: Floats = np.cumsum(weight) / weight.sum()
        return cumulative


CITIES = (
    City(
        1, "sf", "San Francisco", "1150 Folsom Street, San Francisco, CA", 37.77500, -122.40900,
        (37.737, 37.785, -122.470, -122.400),
        "Health-minded brands find their public: orders grow by about 70 % over the quarter.",
        base_orders=233, change=1.70, meals=((735, 50, 0.9), (1110, 65, 1.3)),
        capacity=46, incidents=0.020, spread=0.20, speed=6.0,
    ),
    City(
        2, "sv", "Silicon Valley", "420 Murphy Avenue, Sunnyvale, CA", 37.37700, -122.03000,
        (37.340, 37.403, -122.080, -121.980),
        "Teams that work late: orders nearly triple, peak again before midnight and know no weekend.",
        base_orders=112, change=2.85, meals=((730, 50, 0.7), (1125, 60, 0.8), (1390, 62, 1.35)),
        capacity=38, incidents=0.035, spread=0.24, speed=7.0, weekly=False,
    ),
    City(
        3, "bellevue", "Bellevue", "310 Bellevue Way, Bellevue, WA", 47.61500, -122.19000,
        (47.588, 47.640, -122.196, -122.130),
        "Families and regulars: a flat, dependable kitchen that delivers on time.",
        base_orders=193, change=1.00, meals=((725, 55, 0.8), (1080, 60, 1.4)),
        capacity=42, incidents=0.010, spread=0.15, speed=6.8,
    ),
    City(
        4, "chicago", "Chicago", "870 West Randolph Street, Chicago, IL", 41.88700, -87.65000,
        (41.866, 41.938, -87.700, -87.640),
        "An older kitchen that loses a quarter of its orders, with the slowest and least certain deliveries.",
        base_orders=187, change=0.75, meals=((740, 55, 0.8), (1120, 70, 1.4)),
        capacity=30, incidents=0.050, spread=0.28, speed=5.4,
    ),
)  # fmt: skip
"""The kitchens, in the order of their ids."""
