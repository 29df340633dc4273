"""The workbook's look: one style and a few helpers for all of its pictures."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

COLOURS = ("#1b6ca8", "#d1495b", "#5f8d4e", "#b07d2b")
"""One colour a location, in the order of their ids; readable side by side, also for colour-blind eyes."""

GREY = "#8a8f98"


def use_style() -> None:
    """Set the workbook's style for every figure that follows in this process."""
    plt.rcParams.update(
        {
            "figure.figsize": (8, 3.2),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "axes.prop_cycle": plt.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": GREY,
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


def label_lines(axes: Axes, gap: float = 6) -> None:
    """Write each line's label at its right end, in its colour, instead of a legend; `gap` is in points."""
    for line in axes.get_lines():
        if not line.get_label().startswith("_"):
            end = line.get_xdata()[-1], line.get_ydata()[-1]
            axes.annotate(line.get_label(), end, xytext=(gap, 0), textcoords="offset points",
                          va="center", color=line.get_color())  # fmt: skip


def thousands(axes: Axes) -> None:
    """Show the vertical axis' numbers as 1,000 instead of 1000."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
