"""The style of the workbook's figures, and helpers for them."""

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

COLOURS = ("#1b6ca8", "#d1495b", "#5f8d4e", "#b07d2b")
"""A colour for each location, in the order of their ids; distinguishable also for colour-blind readers."""

GREY = "#8a8f98"


def use_style() -> None:
    """Set the workbook's style for every figure that follows in this process."""
    plt.rcParams.update(
        {
            "figure.figsize": (8, 3.2),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "axes.prop_cycle": cycler(color=COLOURS),
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


def label_lines(axes: Axes) -> None:
    """Write each line's label at its right end, in its colour, instead of a legend."""
    for line in axes.get_lines():
        label = str(line.get_label())
        if not label.startswith("_"):
            end = np.asarray(line.get_xdata())[-1], np.asarray(line.get_ydata())[-1]
            axes.annotate(label, end, xytext=(6, 0), textcoords="offset points",
                          va="center", color=line.get_color())  # fmt: skip


def thousands(axes: Axes) -> None:
    """Show the vertical axis' numbers as 1,000 instead of 1000."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
