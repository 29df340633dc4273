"""The style of the workbook's figures, and helpers for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch

if TYPE_CHECKING:
    import pandas as pd

# No color has two meanings in the ten notebooks; a test compares them.

COMPARED = "#8a8f98"
"""What is only compared with: a limit, a total, a line to read from."""

NEUTRAL = "#51697d"
"""What the figure is about, where it has no class, outcome or location."""

NOTHING = "#bdbdc2"
"""Nothing is paid: no refund, or an apology without a credit."""

REFUND_CLASS = {"none": NOTHING, "partial": "#f0b429", "full": "#7a1f5c"}
"""The class of a refund: nothing, a part of the order's total, all of it."""

OUTCOME = {"credit": "#2a9d8f", "apology": NOTHING, "escalate": "#5e4fa2"}
"""How a complaint ends: with a credit, an apology without one, or on a person's desk."""

STAGE = {"kitchen": "#6b3e26", "waiting": "#ded0b1", "road": "#7cc4e8"}
"""Where the minutes of an order go: being cooked, waiting for a driver, on the road."""

VERDICT = {"passed": "#dcebe9", "failed": "#2b2b33"}
"""Whether a check was passed. Passed is pale and failed dark, so that a failure stands out."""

LAYER = {"bronze": "#c9855b", "silver": "#8fb0cf", "gold": "#d9c81f", "beside": "#f4efe6"}
"""A layer of the medallion; `beside` is what is read from or written beside it."""

TRACK = {"orders": "#b5cfa6", "refunds": "#f4a582", "complaints": "#c3a5d9"}
"""What a task is about: the orders, which both tracks need, or one of these."""

LOCATIONS = ("#1b6ca8", "#d1495b", "#5f8d4e", "#b07d2b")
"""The locations, by their ids from 1; colorblind readers can tell the four apart."""


def location(location_id: int) -> str:
    """The color of a location, by its id from 1; a fifth one begins again."""
    return LOCATIONS[(location_id - 1) % len(LOCATIONS)]


def use_style() -> None:
    """Set the workbook's style for every figure that follows in this process."""
    plt.rcParams.update(
        {
            "figure.figsize": (8, 3.2),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "axes.prop_cycle": cycler(color=LOCATIONS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": COMPARED,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "grid.color": "#e6e8eb",
            "axes.axisbelow": True,
            "font.size": 9.5,
            "legend.frameon": False,
        }
    )


def label_lines(axes: Axes) -> None:
    """Write each line's label at its right end, in its color, instead of a legend."""
    for line in axes.get_lines():
        label = str(line.get_label())
        if not label.startswith("_"):
            end = np.asarray(line.get_xdata())[-1], np.asarray(line.get_ydata())[-1]
            axes.annotate(label, end, xytext=(6, 0), textcoords="offset points",
                          va="center", color=line.get_color())  # fmt: skip


def mark(axes: Axes, value: float, label: str) -> None:
    """Draw a vertical line at `value` of the horizontal axis and write its label at the line's upper end."""
    axes.axvline(value, color=COMPARED, linewidth=1, linestyle="--")
    axes.annotate(label, (value, 1), xycoords=("data", "axes fraction"), xytext=(3, -3), textcoords="offset points",
                  va="top", color="#555b66", fontsize=8)  # fmt: skip


def draw_graph(axes: Axes, reads: Mapping[str, Sequence[str]], color: Callable[[str], str]) -> None:
    """Draw things as boxes, from left to right, with an arrow from each that another reads or waits for.

    `reads` has the names that each of them reads, `color` the color of a name.
    """
    columns = _columns(reads)
    height = max(map(len, columns))
    place = {
        name: (x, (height - len(names)) / 2 + y) for x, names in enumerate(columns) for y, name in enumerate(names)
    }
    box = {name: _box(axes, name, place[name], color(name)) for name in place}
    for name, others in reads.items():
        for other in others:
            ends = {"patchA": box[other], "patchB": box[name], "shrinkA": 1, "shrinkB": 1}
            axes.annotate("", place[name], place[other], arrowprops={"arrowstyle": "->", "color": COMPARED, **ends})
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(height - 0.5, -0.5))
    axes.axis("off")


def _box(axes: Axes, name: str, place: tuple[float, float], color: str) -> FancyBboxPatch | None:
    style = {"boxstyle": "round,pad=0.5", "facecolor": color, "alpha": 0.55, "linewidth": 0}
    return axes.text(*place, name, ha="center", va="center", fontsize=8.5, bbox=style).get_bbox_patch()


def _columns(reads: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The names by their distance from what reads nothing, each column in the order of what its names read."""
    names = sorted({*reads, *(other for others in reads.values() for other in others)})
    depth = dict.fromkeys(names, 0)
    for _ in names:
        depth |= {name: 1 + max((depth[other] for other in reads.get(name, ())), default=-1) for name in names}
    columns: list[list[str]] = []
    row: dict[str, float] = {}
    for level in range(max(depth.values()) + 1):
        mean = {name: float(np.mean([row[other] for other in reads.get(name) or ()] or [0])) for name in names
                if depth[name] == level}  # fmt: skip
        columns.append(sorted(mean, key=lambda name: (mean[name], name)))
        row |= {name: place / len(mean) for place, name in enumerate(columns[-1])}
    return columns


def heat_map(axes: Axes, shares: "pd.DataFrame", rows: Sequence[str]) -> None:
    """Draw the shares (0 to 1) of a table as squares: pale where all passed, the darker the fewer did.

    `rows` are the labels of the table's rows. Shares below 1 are written into their squares.
    """
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("share", [VERDICT["failed"], VERDICT["passed"]]),
                vmin=0, vmax=1, aspect="auto")  # fmt: skip
    axes.set_xticks(range(len(shares.columns)), shares.columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(0.5, len(shares.columns)), minor=True)
    axes.set_yticks(np.arange(0.5, len(rows)), minor=True)
    axes.grid(False, which="major")
    axes.grid(which="minor", axis="both", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    for (y, x), share in np.ndenumerate(shares.to_numpy(dtype=float)):
        if share < 1:
            axes.text(x, y, f"{share:.0%}", ha="center", va="center", fontsize=8,
                      color="white" if share < 0.6 else "black")  # fmt: skip
