"""The six dimensional tables, from `catalog.yaml` and the four cities."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

import polars as pl
import yaml

from caspers.canonical.cities import CITIES
from caspers.canonical.schema import TABLES


class Brand(TypedDict):
    """A brand: its cuisine, minutes of preparation, and the prices in US dollars of the dishes of each category."""

    cuisine: str
    prep_min: int
    menu: dict[str, dict[str, float]]


Stay = TypedDict("Stay", {"from": int, "until": int, "trajectory": str, "growth": float}, total=False)
"""A brand's time at a kitchen: its first day and the day after its last, its story and its monthly growth rate."""


class Catalog(TypedDict):
    """`catalog.yaml`: street names, brands by name, and for each kitchen's code its brands."""

    streets: list[str]
    brands: dict[str, Brand]
    kitchens: dict[str, dict[str, Stay]]


type Row = tuple[object, ...]


@cache
def _catalog() -> Catalog:
    text = files("caspers.canonical").joinpath("catalog.yaml").read_text(encoding="utf-8")
    return cast(Catalog, yaml.safe_load(text))


def street_names() -> list[str]:
    """Names of the streets that customers live in."""
    return _catalog()["streets"]


def _menu_rows() -> tuple[list[Row], list[Row]]:
    """Rows of categories and items, with ids counted through all menus; a brand's menu has the brand's number."""
    categories: list[Row] = []
    items: list[Row] = []
    for brand_id, brand in enumerate(_catalog()["brands"].values(), start=1):
        for category, dishes in brand["menu"].items():
            categories.append((len(categories) + 1, brand_id, brand_id, category))
            items += [
                (len(items) + n, len(categories), brand_id, brand_id, dish, float(price))
                for n, (dish, price) in enumerate(dishes.items(), start=1)
            ]
    return categories, items


def _brand_location_rows() -> list[Row]:
    """Rows of brand_locations: each brand at each kitchen, with its first day and the day after its last."""
    ids = {name: n for n, name in enumerate(_catalog()["brands"], start=1)}
    rows: list[Row] = []
    for city in CITIES:
        for brand, stay in _catalog()["kitchens"][city.code].items():
            kind = stay.get("trajectory", "steady")
            days = stay.get("from", 0), stay.get("until")
            rows.append((len(rows) + 1, ids[brand], city.location_id, *days, kind, stay.get("growth", 0.0)))
    return rows


def _table(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name], orient="row")


def dimensions() -> dict[str, pl.DataFrame]:
    """The six dimensional tables by name, in the contract's columns and types.

    Prices are US dollars, preparation times minutes, days are counted from 0.
    """
    brands = enumerate(_catalog()["brands"].items(), start=1)
    brand_rows = [(n, name, brand["cuisine"], brand["prep_min"]) for n, (name, brand) in brands]
    categories, items = _menu_rows()
    locations = [
        (c.location_id, c.code, c.name, c.address, c.lat, c.lon, c.narrative, c.base_orders, round(c.growth, 6))
        for c in CITIES
    ]
    return {
        "brands": _table("brands", brand_rows),
        "menus": _table("menus", [(n, n, f"{name} Menu") for n, name, *_ in brand_rows]),
        "categories": _table("categories", categories),
        "items": _table("items", items),
        "locations": _table("locations", locations),
        "brand_locations": _table("brand_locations", _brand_location_rows()),
    }
