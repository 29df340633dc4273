"""Baskets: the items of each order, from one brand or sometimes two."""

import json

import numpy as np
import polars as pl

from caspers.canonical.arrays import Bools, Floats, Ints

DISTINCT = np.array([0.22, 0.34, 0.24, 0.13, 0.07])
"""Share of baskets with 1, 2 … 5 different items of their first brand."""

MAIN_PRICE = 8.0
"""A dish of at least this price (US dollars) is a meal; every basket has at least one."""

QUANTITY = np.array([0.80, 0.16, 0.04])
"""Share of basket lines with 1, 2 and 3 pieces."""


def _menu_matrix(items: pl.DataFrame) -> tuple[Ints, Floats, Bools]:
    """Rows of `items` by brand, their appeal and whether they are meals, each of shape (brands + 1, longest menu).

    The appeal is -inf where a menu ends.
    """
    brand = items["brand_id"].to_numpy()
    place = items.select(pl.int_range(pl.len()).over("brand_id")).to_series().to_numpy()
    shape = brand.max() + 1, place.max() + 1
    rows, appeal = np.zeros(shape, dtype=np.int64), np.full(shape, -np.inf)
    rows[brand, place] = np.arange(items.height)
    appeal[brand, place] = -np.log1p(0.15 * place)
    return rows, appeal, items["price"].to_numpy()[rows] >= MAIN_PRICE


def _lines(rng: np.random.Generator, items: pl.DataFrame, brand: Ints, count: Ints) -> pl.DataFrame:
    """Basket lines (order, row of `items`, qty): `count` different items of `brand` for each order."""
    rows, appeal, meal = _menu_matrix(items)
    # Adding Gumbel noise and taking the greatest is drawing without replacement in proportion to the appeal.
    score = appeal[brand] + rng.gumbel(size=(len(brand), rows.shape[1]))
    favourite = np.where(meal[brand], score, -np.inf).argmax(axis=1)
    score[np.arange(len(brand)), favourite] = np.inf
    best = np.argsort(-score, axis=1)[:, : count.max(initial=1)]
    taken = np.arange(best.shape[1]) < count[:, None]
    order = np.nonzero(taken)[0]
    qty = 1 + np.searchsorted(QUANTITY.cumsum(), rng.random(len(order))).clip(max=len(QUANTITY) - 1)
    return pl.DataFrame({"order": order, "item": rows[brand[order], best[taken]], "qty": qty})


def _item_texts(items: pl.DataFrame) -> pl.Series:
    """Each item as the beginning of a JSON object, up to its quantity."""
    return pl.Series([json.dumps(row, ensure_ascii=False)[:-1] + ', "qty": ' for row in items.to_dicts()])


def draw_baskets(rng: np.random.Generator, items: pl.DataFrame, brand: Ints, second: Ints) -> tuple[pl.Series, Ints]:
    """`items_json` and the number of pieces of each order; all arrays have one entry per order.

    `items` is the dimensional table, `brand` the brand_id of each order, `second` another one or 0 for none.
    """
    distinct = 1 + np.searchsorted(DISTINCT.cumsum(), rng.random(len(brand))).clip(max=len(DISTINCT) - 1)
    more = rng.integers(1, 3, len(brand)) * (second > 0)
    lines = pl.concat([_lines(rng, items, brand, distinct), _lines(rng, items, second, more)])
    text = _item_texts(items).gather(lines["item"])
    baskets = (
        lines.with_columns(line=pl.concat_str(text, "qty", pl.lit("}")))
        .sort("order", maintain_order=True)
        .group_by("order", maintain_order=True)
        .agg(pl.format("[{}]", pl.col("line").str.join(", ")).alias("items_json"), pl.col("qty").sum())
    )
    return baskets["items_json"], baskets["qty"].to_numpy()
