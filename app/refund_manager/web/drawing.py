"""Geometry of the pictures that the templates draw as SVG: bars of days, and the map of a route."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from refund_manager.domain.timeline import Point, Route

MAP_WIDTH, MAP_HEIGHT, _EDGE = 480, 240, 24
CHART_WIDTH, CHART_HEIGHT, TRUST_HEIGHT = 720, 160, 40


Day: TypeAlias = dict[str, Any]
"""A day's row: day, suggested_usd, granted_usd, decided, overruled."""


@dataclass(frozen=True)
class Bar:
    """One day: where its bar stands, how high suggested and granted dollars and the overruled share are, and its row.

    overruled is None if nothing of that day is decided.
    """

    x: float
    width: float
    suggested: float
    granted: float
    overruled: float | None
    day: Day


@dataclass(frozen=True)
class Map:
    """A route in SVG units: the planned route as a polyline, kitchen and address, and the driver's positions."""

    route: str
    kitchen: Point
    address: Point
    pings: list[Point]


def bars(days: list[Day]) -> list[Bar]:
    """A bar for each row (day, suggested_usd, granted_usd, decided, overruled), the highest as high as the chart."""
    if not days:
        return []
    top = float(max(max(day["suggested_usd"], day["granted_usd"]) for day in days)) or 1
    step = CHART_WIDTH / len(days)

    def height(dollars: Decimal) -> float:
        return round(float(dollars) / top * CHART_HEIGHT, 1)

    return [
        Bar(
            round(place * step, 1),
            round(step * 0.8, 1),
            height(day["suggested_usd"]),
            height(day["granted_usd"]),
            _overruled(day),
            day,
        )
        for place, day in enumerate(days)
    ]


def _overruled(day: Day) -> float | None:
    return round(day["overruled"] / day["decided"] * TRUST_HEIGHT, 1) if day["decided"] else None


def route_map(route: Route) -> Map | None:
    """The route to scale, north up, in the middle of the picture; None if no route is known."""
    if len(route.points) < 2:
        return None
    place = _projection([*route.points, *route.pings])
    line = [place(point) for point in route.points]
    return Map(" ".join(f"{x},{y}" for x, y in line), line[0], line[-1], [place(ping) for ping in route.pings])


def _projection(points: list[Point]) -> Callable[[Point], Point]:
    """From latitude and longitude to SVG units; a degree of longitude is shorter by the cosine of the latitude."""
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    lat0, lon0 = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    squeeze = math.cos(math.radians(lat0))
    scale = min(
        (MAP_WIDTH - 2 * _EDGE) / max((max(lons) - min(lons)) * squeeze, 1e-4),
        (MAP_HEIGHT - 2 * _EDGE) / max(max(lats) - min(lats), 1e-4),
    )

    def place(point: Point) -> Point:
        lat, lon = point
        return (
            round(MAP_WIDTH / 2 + (lon - lon0) * squeeze * scale, 1),
            round(MAP_HEIGHT / 2 - (lat - lat0) * scale, 1),
        )

    return place
