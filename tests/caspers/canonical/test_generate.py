"""The generator on small datasets: seeds, scale, days and its command."""

import subprocess
import sys

import polars as pl
import pytest

from caspers.canonical import schema
from caspers.canonical.content import content_hash
from caspers.canonical.dataset import load_dataset
from caspers.canonical.generate import generate

SMALL = {"days": 15, "scale": 0.1}


def test_a_seed_repeats_and_another_differs(tmp_path):
    hashes = []
    for name, seed in [("a", 5), ("b", 5), ("c", 6)]:
        generate(tmp_path / name, seed, **SMALL)
        hashes.append(content_hash(tmp_path / name))
    assert hashes[0] == hashes[1] != hashes[2]


def test_other_seed_is_statistically_equal(tmp_path):
    medians = []
    for seed in (1, 2):
        generate(tmp_path / str(seed), seed, days=14, scale=0.3)
        events = load_dataset(tmp_path / str(seed)).events
        spans = events.group_by("order_id").agg(pl.max("ts_seconds") - pl.min("ts_seconds"))["ts_seconds"]
        medians.append((len(spans), spans.median()))
    assert medians[0][0] == pytest.approx(medians[1][0], rel=0.05)
    assert medians[0][1] == pytest.approx(medians[1][1], rel=0.05)


def test_scale_and_days(tmp_path):
    for name, days, scale in [("one", 7, 0.1), ("scaled", 7, 0.4)]:
        generate(tmp_path / name, 1, days, scale)
    one, scaled = (load_dataset(tmp_path / name) for name in ("one", "scaled"))
    assert scaled.orders == pytest.approx(4 * one.orders, rel=0.15)
    end = int(schema.FIRST_DAY.timestamp()) + 7 * schema.DAY_SECONDS
    assert scaled.events["ts_seconds"].max() < end


def test_nothing_but_the_dataset_is_left_behind(tmp_path):
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
