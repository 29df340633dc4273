"""The stories that the gold tables must show are in the data."""

import numpy as np
import polars as pl
import pytest

from canonical_orders import LINE, of_type
from caspers.canonical import schema


@pytest.fixture(scope="module")
def weeks(stages) -> dict[int, np.ndarray]:
    """Orders of the twelve whole weeks, by location."""
    weekly = stages.filter(pl.col("day") < 84).group_by("location_id", week=pl.col("day") // 7).len()
    return {
        key[0]: rows.sort("week")["len"].to_numpy()
        for key, rows in weekly.partition_by("location_id", as_dict=True).items()
    }


def growth(orders: np.ndarray) -> float:
    """Ratio of the end of 90 days to their beginning, by the trend through all weeks."""
    slope = np.polyfit(np.arange(len(orders)) * 7, np.log(orders), 1)[0]
    return float(np.exp(slope * 90))


@pytest.mark.parametrize(("location", "low", "high"), [(1, 1.6, 1.85), (2, 2.6, 3.2), (3, 0.94, 1.06), (4, 0.7, 0.8)])
def test_growth_of_each_location(weeks, location, low, high):
    assert low < growth(weeks[location]) < high


def by_weekday(stages: pl.DataFrame, location: int) -> np.ndarray:
    here = stages.filter((pl.col("location_id") == location) & (pl.col("day") < 84))
    return here.group_by(pl.col("day") % 7).len().sort("day")["len"].to_numpy()


@pytest.mark.parametrize("location", [1, 3, 4])
def test_saturday_is_busier_than_monday(stages, location):
    days = by_weekday(stages, location)
    assert 1.25 < days[5] / days[0] < 1.45


def test_silicon_valley_knows_no_weekend(stages):
    days = by_weekday(stages, 2)
    assert days.max() / days.min() < 1.12  # six days of its growth alone make 1.08


@pytest.mark.parametrize("location", [1, 2, 3, 4])
def test_lunch_and_dinner_peak(stages, location):
    hours = stages.filter(pl.col("location_id") == location).group_by(pl.col("minute") // 60).len().sort("minute")
    count = dict(hours.iter_rows())
    assert count[12] > 2 * count[15] and max(count[17], count[18]) > 2 * count[15]


def test_only_silicon_valley_peaks_before_midnight(stages):
    late = stages.group_by("location_id").agg(share=(pl.col("minute") >= 22 * 60).mean()).sort("location_id")
    shares = dict(late.iter_rows())
    assert shares[2] > 0.2 and all(shares[other] < 0.03 for other in (1, 3, 4))


def test_brands_sell_from_their_launch_until_their_exit(dataset, stages):
    lines = of_type(dataset, schema.CREATED).select("order_id", line=pl.col("items_json").str.json_decode(LINE))
    sold = lines.explode("line").select("order_id", pl.col("line").struct.field("brand_id")).unique()
    sold = sold.join(stages.select("order_id", "location_id", "day"), on="order_id")
    span = sold.group_by("brand_id", "location_id").agg(first=pl.min("day"), last=pl.max("day"))
    plan = dataset.tables["brand_locations"].join(span, on=["brand_id", "location_id"])
    assert plan.height == span.height == dataset.tables["brand_locations"].height
    assert (plan["first"] >= plan["start_day"]).all() and (plan["first"] <= plan["start_day"] + 3).all()
    exits = plan.drop_nulls("end_day")
    assert exits.height >= 3 and plan.filter(pl.col("start_day") > 0).height >= 3
    assert (exits["last"] < exits["end_day"]).all() and (exits["last"] >= exits["end_day"] - 4).all()


def test_delivery_minutes_have_a_tail_that_differs_by_location(stages):
    tails = stages.group_by("location_id").agg(
        p50=pl.col("minutes").quantile(0.5), p75=pl.col("minutes").quantile(0.75), p99=pl.col("minutes").quantile(0.99)
    ).sort("location_id")  # fmt: skip
    assert (tails["p50"] * 1.1 < tails["p75"]).all() and (tails["p75"] * 1.4 < tails["p99"]).all()
    assert tails["p75"].max() - tails["p75"].min() > 4 and tails["p99"].max() - tails["p99"].min() > 10


def test_busy_hours_are_slower(stages):
    hour = stages.filter(pl.col("location_id") == 1).with_columns(hour=pl.col("minute") // 60)
    queue = (pl.col(str(schema.STARTED)) - pl.col(str(schema.CREATED))).mean()
    means = dict(hour.group_by("hour").agg(queue).iter_rows())
    assert means[18] > 1.3 * means[15]


def test_kitchens_take_longer_for_slow_dishes_and_big_baskets(dataset, stages):
    lines = of_type(dataset, schema.CREATED).select("order_id", line=pl.col("items_json").str.json_decode(LINE))
    baskets = lines.explode("line").unnest("line").group_by("order_id").agg(
        pl.first("brand_id"), brands=pl.n_unique("brand_id"), pieces=pl.sum("qty"))  # fmt: skip
    cooking = (pl.col(str(schema.FINISHED)) - pl.col(str(schema.STARTED))) / 60
    cooked = stages.select("order_id", "location_id", minutes=cooking).join(baskets, on="order_id")
    cooked = cooked.filter(pl.col("brands") == 1).join(dataset.tables["brands"], on="brand_id")
    slow, quick = (cooked.filter(wanted)["minutes"].median()
                   for wanted in (pl.col("avg_prep_time_min") >= 14, pl.col("avg_prep_time_min") <= 9))  # fmt: skip
    assert slow > 1.4 * quick
    few, many = (cooked.filter(wanted)["minutes"].median() for wanted in (pl.col("pieces") <= 2, pl.col("pieces") >= 6))
    assert many > 1.2 * few


def test_drivers_wait_and_are_waited_for(stages):
    waiting = (stages[str(schema.ARRIVED)] < stages[str(schema.READY)]).mean()
    assert 0.25 < waiting < 0.75


def test_the_first_replay_brings_about_58_000_orders(dataset, stages):
    noon = int(schema.FIRST_DAY.timestamp()) + 70 * schema.DAY_SECONDS + schema.DAY_SECONDS // 2
    assert stages.filter(pl.col(str(schema.DELIVERED)) <= noon).height == pytest.approx(58_000, rel=0.02)
    assert dataset.events.filter(pl.col("ts_seconds") <= noon).height == pytest.approx(776_000, rel=0.02)
