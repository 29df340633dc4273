"""A chart of two columns of a result, as shapes of SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 820, 320
POINTS = 500  # rows that are drawn; more would not be told apart
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 12, 12, 36
_LABELS = 8  # at most, below the chart
_TICKS = 5


@dataclass(frozen=True)
class Bar:
    """A bar, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Mark:
    """A label at a place of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Bars, or one line as a path of SVG, with the marks of both axes; `zero` is where 0 lies from above."""

    zero: float
    bars: list[Bar] = field(default_factory=list)
    line: str = ""
    below: list[Mark] = field(default_factory=list)
    beside: list[Mark] = field(default_factory=list)


def draw(points: Sequence[tuple[str, float]], lines: bool) -> Chart | None:
    """The chart of `points`, each a label and a value, as bars or as a line; None without a point."""
    if not points:
        return None
    values = [value for _, value in points]
    step = _step(min(*values, 0.0), max(*values, 0.0))
    low, high = math.floor(min(*values, 0.0) / step) * step, math.ceil(max(*values, 0.0) / step) * step
    high = high if high > low else low + step

    def y(value: float) -> float:
        return round(_TOP + (high - value) / (high - low) * (HEIGHT - _TOP - _BOTTOM), 1)

    wide = (WIDTH - _LEFT - _RIGHT) / len(points)
    middles = [round(_LEFT + (index + 0.5) * wide, 1) for index in range(len(points))]
    every = math.ceil(len(points) / _LABELS)
    below = [Mark(middles[index], _short(points[index][0])) for index in range(0, len(points), every)]
    count = round((high - low) / step)
    beside = [Mark(y(low + index * step), f"{low + index * step:,.10g}") for index in range(count + 1)]
    if lines:
        path = "M" + "L".join(f"{x} {y(value)}" for x, value in zip(middles, values, strict=True))
        return Chart(y(0), line=path, below=below, beside=beside)
    bars = [
        _bar(x, wide, y(value), y(0), f"{label}: {value:,g}") for x, (label, value) in zip(middles, points, strict=True)
    ]
    return Chart(y(0), bars, below=below, beside=beside)


def _bar(middle: float, wide: float, top: float, zero: float, title: str) -> Bar:
    width = max(1.0, wide * 0.8)
    return Bar(round(middle - width / 2, 1), min(top, zero), round(width, 1), round(abs(zero - top), 1), title)


def _step(low: float, high: float) -> float:
    """A round distance between marks: 1, 2 or 5 times a power of ten."""
    rough = (high - low or 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _short(text: str) -> str:
    return text if len(text) <= 14 else f"{text[:13]}…"
