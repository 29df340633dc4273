"""Geometry of the SVG charts in the templates: the bars of the days, and the map of a route."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from refund_manager.domain.timeline import Point, Route

MAP_WIDTH, MAP_HEIGHT, _MARGIN = 480, 240, 24
CHART_WIDTH, CHART_HEIGHT, OVERRULED_HEIGHT = 720, 160, 40


Day: TypeAlias = dict[str, Any]
"""A row of the overview: day, suggested_usd, granted_usd, decided, overruled."""


@dataclass(frozen=True)
class Bar:
    """The bar of one day in SVG units: x and width, the heights of suggested and granted dollars, and its row.

    `overruled` is the height of the share of overruled decisions, None for a day without decisions.
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
    """A bar for each day, scaled so that the highest one fills the chart."""
    if not days:
        return []
    top = float(max(max(day["suggested_usd"], day["granted_usd"]) for day in days)) or 1
    step = CHART_WIDTH / len(days)

    def height(dollars: Decimal) -> float:
        return round(float(dollars) / top * CHART_HEIGHT, 1)

    return [
        Bar(
            round(index * step, 1),
            round(step * 0.8, 1),
            height(day["suggested_usd"]),
            height(day["granted_usd"]),
            _overruled(day),
            day,
        )
        for index, day in enumerate(days)
    ]


def _overruled(day: Day) -> float | None:
    return round(day["overruled"] / day["decided"] * OVERRULED_HEIGHT, 1) if day["decided"] else None


def route_map(route: Route) -> Map | None:
    """The route drawn to scale, north up and centred; None if it has fewer than two points."""
    if len(route.points) < 2:
        return None
    project = _projection([*route.points, *route.pings])
    line = [project(point) for point in route.points]
    return Map(" ".join(f"{x},{y}" for x, y in line), line[0], line[-1], [project(ping) for ping in route.pings])


def _projection(points: list[Point]) -> Callable[[Point], Point]:
    """A function from (latitude, longitude) to SVG units, in an equirectangular projection around the centre."""
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    lat0, lon0 = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    squeeze = math.cos(math.radians(lat0))
    scale = min(
        (MAP_WIDTH - 2 * _MARGIN) / max((max(lons) - min(lons)) * squeeze, 1e-4),
        (MAP_HEIGHT - 2 * _MARGIN) / max(max(lats) - min(lats), 1e-4),
    )

    def project(point: Point) -> Point:
        lat, lon = point
        return (
            round(MAP_WIDTH / 2 + (lon - lon0) * squeeze * scale, 1),
            round(MAP_HEIGHT / 2 - (lat - lat0) * scale, 1),
        )

    return project
