"""The generator on small datasets: seeds, scale, days and its command."""

import subprocess
import sys

import polars as pl
import pytest

from caspers.canonical import schema
from caspers.canonical.card import orders, trend
from caspers.canonical.content import content_hash
from caspers.canonical.dataset import load_dataset
from caspers.canonical.generate import draw_events, generate

SMALL = {"days": 15, "scale": 0.1}


def test_a_seed_repeats_and_another_differs(tmp_path):
    hashes = []
    for name, seed in [("a", 5), ("b", 5), ("c", 6)]:
        generate(tmp_path / name, seed, **SMALL)
        hashes.append(content_hash(tmp_path / name))
    assert hashes[0] == hashes[1] != hashes[2]


def test_another_seed_gives_another_dataset_with_the_same_figures(tmp_path, dataset):
    generate(tmp_path, seed=7)
    assert content_hash(tmp_path) != content_hash(dataset.path)
    ours, other = orders(dataset), orders(load_dataset(tmp_path))
    for location in (1, 2, 3, 4):
        here, there = (rows.filter(pl.col("location_id") == location) for rows in (ours, other))
        assert there.height == pytest.approx(here.height, rel=0.03)
        assert trend(there, 90) == pytest.approx(trend(here, 90), rel=0.08)
        for column, share, rel in [("minutes", 0.5, 0.02), ("minutes", 0.75, 0.02), ("minutes", 0.99, 0.08),
                                   ("dollars", 0.5, 0.02), ("hour", 0.5, 0.06)]:  # fmt: skip
            assert there[column].quantile(share) == pytest.approx(here[column].quantile(share), rel=rel), column


def test_a_greater_scale_is_drawn_in_smaller_stretches():
    largest = [max(events.height for events in draw_events(1, 14, scale)) for scale in (1.0, 7.0)]
    assert largest[1] < 1.6 * largest[0]  # weekends are busier than the mean of a week


def test_scale_and_days(tmp_path):
    for name, days, scale in [("one", 7, 0.1), ("scaled", 7, 0.4)]:
        generate(tmp_path / name, 1, days, scale)
    one, scaled = (load_dataset(tmp_path / name) for name in ("one", "scaled"))
    assert scaled.orders == pytest.approx(4 * one.orders, rel=0.15)
    end = int(schema.FIRST_DAY.timestamp()) + 7 * schema.DAY_SECONDS
    assert scaled.events["ts_seconds"].max() < end


def test_nothing_but_the_dataset_is_left_behind_also_by_an_earlier_run_that_was_killed(tmp_path):
    (tmp_path / ".generate-killed").mkdir()
    (tmp_path / ".generate-killed" / "part-0000").write_bytes(b"half")
    generate(tmp_path, 1, days=1, scale=0.05)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"{name}.parquet" for name in schema.TABLES)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"days": 0}, {"scale": 0}])
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(ValueError, match="--seed"):
        generate(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_command(tmp_path):
    command = [sys.executable, "-m", "caspers.canonical", "generate", "--days", "2", "--scale", "0.05"]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert content_hash(tmp_path) in done.stdout
    wrong = subprocess.run([*command, "--scale", "-1", "--out", str(tmp_path)], capture_output=True, text=True)
    assert wrong.returncode != 0 and "--scale" in wrong.stderr and "Traceback" not in wrong.stderr
