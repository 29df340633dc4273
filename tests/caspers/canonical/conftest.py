"""The committed dataset, read once, and the orders in it."""

import polars as pl
import pytest

from canonical_orders import REPO
from caspers.canonical import schema
from caspers.canonical.dataset import Dataset, load_dataset


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return load_dataset(REPO / "data/canonical/canonical_dataset")


@pytest.fixture(scope="session")
def stages(dataset: Dataset) -> pl.DataFrame:
    """One row per order: location_id, the seconds of each stage by its event type, day, minute of day and minutes."""
    once = dataset.events.filter(pl.col("event_type_id") != schema.PING)
    wide = once.pivot("event_type_id", index=["order_id", "location_id"], values="ts_seconds")
    start = int(schema.FIRST_DAY.timestamp())
    created, delivered = pl.col(str(schema.CREATED)), pl.col(str(schema.DELIVERED))
    return wide.with_columns(
        day=(created - start) // schema.DAY_SECONDS,
        minute=(created - start) % schema.DAY_SECONDS // 60,
        minutes=(delivered - created) / 60,
    )
