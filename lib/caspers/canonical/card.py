"""The figures and plots of a dataset's data card, computed from the dataset itself."""

from math import cos, radians
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from caspers import plots
from caspers.canonical import schema
from caspers.canonical.dataset import Dataset

LINES = pl.List(pl.Struct({"price": pl.Float64, "qty": pl.Float64}))
"""The fields of an item in `items_json` that give the value of an order in US dollars."""

SIZE = 7, 2.7
"""Width and height of a plot in inches."""

ROUTES_SHOWN = 250
"""Routes per kitchen on the map: enough to see the streets, few enough to tell them apart."""


def orders(dataset: Dataset) -> pl.DataFrame:
    """One row per order: location_id, `day` from 0, `hour`, `minutes` from order to door, `dollars`.

    `minutes` is null for an order that is not delivered.
    """
    kind, ts = pl.col("event_type_id"), pl.col("ts_seconds")
    start = dataset.events.select(ts.min()).item() // schema.DAY_SECONDS
    created = dataset.events.filter(kind == schema.CREATED)
    delivered = dataset.events.filter(kind == schema.DELIVERED).select("order_id", end="ts_seconds")
    worth = pl.col("line").struct.field("price") * pl.col("line").struct.field("qty")
    lines = created.select("order_id", line=pl.col("items_json").str.json_decode(LINES)).explode("line")
    dollars = lines.group_by("order_id").agg(dollars=worth.sum())
    return created.join(delivered, on="order_id", how="left").join(dollars, on="order_id").select(
        "location_id", "dollars", day=ts // schema.DAY_SECONDS - start, hour=ts % schema.DAY_SECONDS // 3600,
        minutes=(pl.col("end") - ts) / 60,
    )  # fmt: skip


def trend(rows: pl.DataFrame, days: int) -> float:
    """Ratio of one kitchen's orders at the end of `days` to those at their beginning, by the trend of whole weeks."""
    weekly = rows.filter(pl.col("day") < days // 7 * 7).group_by(week=pl.col("day") // 7).len("orders").sort("week")
    slope = np.polyfit(weekly["week"] * 7, np.log(weekly["orders"]), 1)[0]
    return float(np.exp(slope * days))


def _figures(name: str, rows: pl.DataFrame, days: int) -> str:
    """One kitchen's row of the table."""
    weekday = rows.filter(pl.col("day") < days // 7 * 7).group_by(pl.col("day") % 7).len("orders").sort("day")["orders"]
    minutes = " / ".join(f"{rows['minutes'].quantile(q):.1f}" for q in (0.5, 0.75, 0.99))
    basket = rows.select(pl.col("dollars").median()).item()
    growth, saturday = f"× {trend(rows, days):.2f}", f"{weekday[5] / weekday[0]:.2f}"
    return f"| {name} | {rows.height:,} | {growth} | {saturday} | {minutes} | ${basket:.2f} |"


def figures(kitchens: dict[str, pl.DataFrame]) -> str:
    """The card's table of figures, as Markdown; day 0 is assumed to be a Monday."""
    head = "| | orders | trend of all days | Saturday to Monday | minutes to the door P50 / P75 / P99 | median basket |"
    days = 1 + max(_last_day(rows) for rows in kitchens.values())
    return "\n".join([head, "|---" * 6 + "|", *(_figures(name, rows, days) for name, rows in kitchens.items())])


def _last_day(rows: pl.DataFrame) -> int:
    last: int = rows.select(pl.col("day").max()).item()
    return last


def _by_kitchen(dataset: Dataset, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The orders of each kitchen, by its name."""
    kitchens = dataset.tables["locations"].sort("location_id").select("location_id", "name")
    return {name: rows.filter(pl.col("location_id") == number) for number, name in kitchens.iter_rows()}


def plot_days(kitchens: dict[str, pl.DataFrame]) -> Figure:
    """Orders per day as thin lines, and their mean over seven days."""
    figure, axes = plt.subplots(figsize=SIZE)
    for name, rows in kitchens.items():
        daily = rows.group_by("day").len("orders").sort("day")
        (thin,) = axes.plot(daily["day"], daily["orders"], linewidth=0.6, alpha=0.5)
        axes.plot(daily["day"], daily["orders"].rolling_mean(7), color=thin.get_color(), label=name)
    axes.set(title="Orders a day, and their mean over 7 days", xlabel="day", ylim=(0, None))
    plots.label_lines(axes)
    return figure


def plot_hours(kitchens: dict[str, pl.DataFrame]) -> Figure:
    """Each hour's share of the kitchen's orders, in per cent."""
    figure, axes = plt.subplots(figsize=SIZE)
    for name, rows in kitchens.items():
        share = rows.group_by("hour").len("n").sort("hour").with_columns(pl.col("n") / rows.height * 100)
        axes.plot(share["hour"] + 0.5, share["n"], label=name)
    axes.set(title="Orders by hour of day, % of the kitchen's orders", xlabel="hour", xticks=range(0, 25, 3))
    axes.legend()
    return figure


def plot_minutes(kitchens: dict[str, pl.DataFrame]) -> Figure:
    """The share of orders that take longer than so many minutes, with P75 and P99 as dots."""
    figure, axes = plt.subplots(figsize=SIZE)
    for name, rows in kitchens.items():
        minutes = rows["minutes"].drop_nulls().sort()
        longer = 100 * (1 - pl.int_range(len(minutes), eager=True) / len(minutes))
        (line,) = axes.plot(minutes, longer, label=name)
        tail = rows.select(p75=pl.col("minutes").quantile(0.75), p99=pl.col("minutes").quantile(0.99)).row(0)
        axes.plot(tail, [25, 1], "o", color=line.get_color(), markersize=4)
    axes.set(
        title="% of orders that take longer (dots: P75, P99)",
        xlabel="minutes from order to door",
        yscale="log",
        ylim=(0.1, 100),
        xlim=(0, 90),
    )
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend()
    return figure


def plot_routes(dataset: Dataset) -> Figure:
    """The first ROUTES_SHOWN routes of each kitchen, in degrees; a metre is equally long in both directions."""
    kitchens = dataset.tables["locations"].sort("location_id")
    figure, panels = plt.subplots(1, kitchens.height, figsize=(8.6, 2.6), squeeze=False)
    picked = dataset.events.filter(pl.col("event_type_id") == schema.PICKED_UP).drop_nulls("route_json")
    for axes, place in zip(panels[0], kitchens.iter_rows(named=True), strict=True):
        color = plots.location(place["location_id"])
        texts = picked.filter(pl.col("location_id") == place["location_id"])["route_json"].head(ROUTES_SHOWN)
        for route in texts.str.json_decode(pl.List(pl.List(pl.Float64))):
            lat, lon = route.list.get(0), route.list.get(1)
            axes.plot(lon, lat, color=color, linewidth=0.5, alpha=0.5)
        axes.plot(place["lon"], place["lat"], "k.", markersize=5)
        axes.set(title=place["name"], xticks=[], yticks=[], aspect=1 / cos(radians(place["lat"])))
    return figure


def write_card(dataset: Dataset, out: Path) -> str:
    """Draw the card's plots to the directory `out` as PNG files; returns its table of figures.

    Raises ValueError for a dataset of less than two weeks, which has no trend.
    """
    rows = orders(dataset)
    if rows.is_empty() or _last_day(rows) < 13:
        raise ValueError(f"{dataset.path} holds less than two weeks of orders: too little for a card")
    plots.use_style()
    out.mkdir(parents=True, exist_ok=True)
    kitchens = _by_kitchen(dataset, rows)
    drawn = {"days": plot_days(kitchens), "hours": plot_hours(kitchens), "minutes": plot_minutes(kitchens),
             "routes": plot_routes(dataset)}  # fmt: skip
    for name, figure in drawn.items():
        figure.savefig(out / f"{name}.png")
        plt.close(figure)
    return figures(kitchens)
