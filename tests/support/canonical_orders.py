"""What several tests of the canonical dataset ask of it."""

from pathlib import Path

import polars as pl

from caspers.canonical.dataset import Dataset

REPO = Path(__file__).resolve().parents[2]

LINE = pl.List(
    pl.Struct(
        {
            "id": pl.Int32,
            "category_id": pl.Int32,
            "menu_id": pl.Int32,
            "brand_id": pl.Int32,
            "name": pl.String,
            "price": pl.Float64,
            "qty": pl.Int32,
        }
    )
)
"""Type of `items_json`."""


def of_type(dataset: Dataset, kind: int) -> pl.DataFrame:
    """The dataset's events of one type."""
    return dataset.events.filter(pl.col("event_type_id") == kind)
