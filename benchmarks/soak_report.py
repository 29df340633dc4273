"""What a soak has found, from its table: a picture, and for each measure whether it grows."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
from trend import Trend, trend

from caspers import plots

COLUMNS = 3
_MB, _GB = 1e6, 1e9

type Row = dict[str, float]


@dataclass(frozen=True)
class Panel:
    """A small plot: some columns of the table, in one unit."""

    title: str
    unit: str
    per_unit: float
    lines: dict[str, Callable[[Row], float]]


def _column(name: str) -> Callable[[Row], float]:
    return lambda row: row[name]


_PROCESSES = ("JVM", "others")
_SMALL = ("logs", "runs", "MLflow", "other")
PANELS = [
    Panel(
        "Disk", "MB", _MB, {what: _column(f"{what} bytes") for what in ("Delta", "Postgres", "events", "checkpoints")}
    ),
    Panel("Disk, the rest", "MB", _MB, {what: _column(f"{what} bytes") for what in _SMALL}),
    Panel("Files", "", 1, {what: _column(f"{what} files") for what in ("Delta", "Postgres", "events", "checkpoints")}),
    Panel("Files, the rest", "", 1, {what: _column(f"{what} files") for what in _SMALL}),
    Panel("Memory", "GB", _GB, {who: _column(f"{who} bytes") for who in _PROCESSES}),
    Panel("Open handles", "", 1, {who: _column(f"{who} handles") for who in _PROCESSES}),
    Panel("Threads", "", 1, {who: _column(f"{who} threads") for who in _PROCESSES}),
    Panel("Processes", "", 1, {"others": _column("others processes")}),
    Panel(
        "Latency",
        "s",
        1,
        {"agent's answer": _column("agent seconds"), "SQL": _column("SQL seconds"), "pages": _column("page seconds")},
    ),
    Panel("A round", "s", 1, {"all of it": _column("round seconds")}),
    Panel("Processor, of a round", "s", 1, {who: _column(f"{who} processor") for who in _PROCESSES}),
    Panel("Load of the machine", "", 1, {"all programs": _column("load")}),
]


def read(table: Path) -> list[Row]:
    """The rows of a soak's table."""
    with table.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def late(rows: list[Row]) -> list[Row]:
    """The rows after the first third."""
    return rows[len(rows) // 3 :]


def found(rows: list[Row], line: Callable[[Row], float], per_unit: float) -> Trend:
    """The trend of a line after the first third, per round."""
    rest = late(rows)
    return trend([row["round"] for row in rest], [line(row) / per_unit for row in rest])


def report(table: Path, picture: Path | None) -> None:
    """Print for each measure whether it is flat after the first third, and draw `picture` if one is wanted."""
    rows = read(table)
    print(f"{len(rows)} rounds, {rows[-1]['days']:.1f} days of the clock; after the first third, a round:")
    for panel in PANELS:
        for name, line in panel.lines.items():
            level = late(rows)[0], rows[-1]
            first, last = (line(row) / panel.per_unit for row in level)
            text = f"{panel.title}: {name}"
            print(f"{text:36}{first:>10.2f} to {last:>10.2f} {panel.unit:10}{_said(rows, line, panel)}")
    if picture:
        draw(rows, picture)


def _said(rows: list[Row], line: Callable[[Row], float], panel: Panel) -> str:
    if len(late(rows)) < 4:
        return "too few rounds"
    gain = found(rows, line, panel.per_unit)
    verdict = "flat" if gain.is_flat else "grows" if gain.slope > 0 else "shrinks"
    return f"{verdict:8}{gain.slope:+9.3f} ({gain.low:+.3f} to {gain.high:+.3f})"


def draw(rows: list[Row], picture: Path) -> None:
    """Draw a small plot for each of PANELS; the first third is shaded."""
    plots.use_style()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "soak"})
    height = -(-len(PANELS) // COLUMNS)
    figure, axes = plt.subplots(height, COLUMNS, figsize=(10, 2.1 * height), sharex=True, layout="constrained")
    days = [row["days"] for row in rows]
    for axis, panel in zip(axes.flat, PANELS, strict=False):
        for name, line in panel.lines.items():
            axis.plot(days, [line(row) / panel.per_unit for row in rows], label=name, linewidth=1.2)
        axis.axvspan(0, late(rows)[0]["days"], color="#f2f3f5", zorder=0)
        axis.set(
            title=f"{panel.title}, {panel.unit}" if panel.unit else panel.title, ylim=(0, None), xlim=(0, days[-1])
        )
        if len(panel.lines) > 1:
            axis.legend(fontsize=7.5, loc="best", labelspacing=0.2)
    for axis in axes.flat[len(PANELS) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("days of the clock")
    figure.savefig(picture, metadata={"Date": None})
    plt.close(figure)
