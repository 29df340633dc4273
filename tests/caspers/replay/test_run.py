"""Replay: what is written, when, once; also by runs that are killed and under clocks that jump."""

import json
import os
import random
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import whole_files
from caspers.canonical import schema
from caspers.canonical.dataset import DatasetError
from caspers.canonical.generate import generate
from caspers.replay import ReplayError, ReplayResult, describe, run
from whole_files import upload

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = 10

KILLED_RUN = """
import itertools, os, signal, sys
from datetime import datetime
from io import BytesIO
from caspers.replay import replay, run
from whole_files import unfinished, upload
dataset, volume, state, now, kill_at, torn = sys.argv[1:]
run.FILE_EVENTS, run.WINDOW_MS = 60, 86_400_000
places, actions, written = (volume, state), 0, itertools.count(1)

def count(path):
    # Each open, rename, removal or listing of a file in the volume or beside the watermark is a point to die at.
    global actions
    if isinstance(path, (str, os.PathLike)) and str(path).startswith(places):
        actions += 1
        if actions == int(kill_at): os.kill(os.getpid(), signal.SIGKILL)

def audit(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.scandir", "os.listdir"): count(arguments[0])

replace = os.replace
def replace_and_count(source, target):
    replace(source, target)
    count(target)  # also dies just after a file has appeared
os.replace = replace_and_count

def upload_or_die(file, contents):
    # A write is out of sight of the hook: dying within it leaves half of an unfinished file.
    text = contents.read()
    if str(file.parent) == volume and next(written) == int(torn):
        unfinished(file).write_bytes(text[:len(text) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    upload(file, BytesIO(text))
sys.addaudithook(audit)
replay(dataset, volume, state, 4, 60.0, datetime.fromisoformat(now), upload_or_die)
print(actions, flush=True)
"""


def replay(dataset, volume, state, day, speed, now) -> ReplayResult:
    return run.replay(dataset, volume, state, day, speed, now, upload)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("dataset")
    generate(path, 3, days=DAYS, scale=0.02)
    return path


@pytest.fixture
def places(tmp_path):
    """A volume for events and a directory for the watermark."""
    for name in ("events", "misc"):
        (tmp_path / name).mkdir()
    return tmp_path / "events", tmp_path / "misc"


def lines(volume) -> list[str]:
    """All lines of all files, sorted."""
    return sorted(line for file in volume.glob("events-*.json") for line in file.read_text().splitlines())


def events(volume) -> list[dict]:
    return [json.loads(line) for line in lines(volume)]


def expected(dataset, until: float) -> int:
    """Events of the dataset up to so many virtual seconds."""
    ts = pl.read_parquet(dataset / "events.parquet")["ts_seconds"] - int(schema.FIRST_DAY.timestamp())
    return int((ts <= until).sum())


def test_first_run_writes_everything_up_to_the_start_day_at_this_time_of_day(dataset, places):
    result = replay(dataset, *places, 4, 60.0, NOON)
    until = 4.5 * schema.DAY_SECONDS
    assert (result.first, result.virtual_to) == (True, until)
    assert result.events == len(events(places[0])) == expected(dataset, until) > 500
    assert describe(int(until * 1000)) == "day 4, 12:00"
    last = max(event["ts"] for event in events(places[0]))
    assert "2026-03-02 11:00" < last <= "2026-03-02 12:00:00.000"


def test_events_have_the_contract_s_form(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    written = events(places[0])
    for event in written:
        assert list(event) == ["event_id", "event_type", "ts", "location_id", "order_id", "sequence", "body"]
        assert str(uuid.UUID(event["event_id"])) == event["event_id"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", event["ts"])
        assert re.fullmatch(r"[A-Z0-9]{6}", event["order_id"])
    assert len({event["event_id"] for event in written}) == len(written)
    keys = {event["event_type"]: list(json.loads(event["body"])) for event in written}
    assert set(keys) == set(schema.EVENT_TYPES)
    assert keys["order_created"] == ["customer_lat", "customer_lon", "customer_addr", "items"]
    assert keys["driver_picked_up"] == ["route_points"]
    assert keys["driver_ping"] == ["progress_pct", "loc_lat", "loc_lon"]
    assert keys["delivered"] == ["delivered_lat", "delivered_lon"]
    item = next(json.loads(e["body"])["items"][0] for e in written if e["event_type"] == "order_created")
    assert list(item) == ["id", "category_id", "menu_id", "brand_id", "name", "price", "qty"]


def test_files_are_of_a_bounded_size(dataset, places, monkeypatch):
    monkeypatch.setattr(run, "FILE_EVENTS", 300)
    result = replay(dataset, *places, 4, 60.0, NOON)
    sizes = [len(file.read_text().splitlines()) for file in places[0].iterdir()]
    assert max(sizes) == 300 and sum(sizes) == result.events and len(sizes) == result.files


def test_later_runs_write_what_the_elapsed_time_has_made_due(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    before = set(lines(places[0]))
    result = replay(dataset, *places, 4, 60.0, NOON + timedelta(minutes=3))
    assert (result.first, result.virtual_to) == (False, 4.5 * schema.DAY_SECONDS + 3 * 3600)
    assert before < set(lines(places[0]))
    assert len(lines(places[0])) == expected(dataset, 4.5 * schema.DAY_SECONDS + 3 * 3600)
    new = [json.loads(line)["ts"] for line in set(lines(places[0])) - before]
    assert min(new) > "2026-03-02 12:00:00.000" and max(new) <= "2026-03-02 15:00:00.000"


def test_the_same_moment_again_writes_nothing(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    before = lines(places[0])
    assert replay(dataset, *places, 4, 60.0, NOON).events == 0
    assert lines(places[0]) == before


def test_after_the_last_day_the_dataset_begins_again(dataset, places):
    replay(dataset, *places, DAYS - 1, 60.0, NOON)
    result = replay(dataset, *places, DAYS - 1, 3600.0, NOON + timedelta(hours=12 * 24) / 3600)
    assert result.virtual_to == (2 * DAYS + 1.5) * schema.DAY_SECONDS
    written = events(places[0])
    assert len({event["event_id"] for event in written}) == len(written)
    passes = {None: [], "-L1": [], "-L2": []}
    for event in written:
        passes[re.fullmatch(r"[A-Z0-9]{6}(-L\d)?", event["order_id"])[1]].append(event)
    assert len(passes[None]) == len(passes["-L1"]) > len(passes["-L2"]) > 0
    original, again = (min(passes[key], key=lambda e: (e["ts"], e["order_id"])) for key in (None, "-L1"))
    shift = datetime.fromisoformat(again["ts"]) - datetime.fromisoformat(original["ts"])
    assert shift == timedelta(days=DAYS) and again["order_id"] == original["order_id"] + "-L1"


def test_a_clock_that_goes_back_says_so_and_repeats_nothing(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    result = replay(dataset, *places, 4, 60.0, NOON - timedelta(hours=2))
    assert result.events == 0 and "went back" in result.notes[0]
    goes_on = replay(dataset, *places, 4, 60.0, NOON - timedelta(hours=2) + timedelta(minutes=1))
    assert goes_on.virtual_to == 4.5 * schema.DAY_SECONDS + 3600
    assert len(set(lines(places[0]))) == len(lines(places[0])) == expected(dataset, goes_on.virtual_to)


def test_a_clock_that_jumps_a_week_says_so_and_repeats_nothing(dataset, places):
    replay(dataset, *places, 4, 1.0, NOON)
    result = replay(dataset, *places, 4, 1.0, NOON + timedelta(days=7))
    assert "7 days" in result.notes[0] and result.virtual_to == (4.5 + 7) * schema.DAY_SECONDS
    ids = [event["event_id"] for event in events(places[0])]
    assert len(set(ids)) == len(ids)


def test_a_clock_that_jumps_a_week_at_full_speed_goes_through_many_passes(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    result = replay(dataset, *places, 4, 60.0, NOON + timedelta(days=7))
    assert "7 days" in result.notes[0] and result.virtual_to == (4.5 + 7 * 60) * schema.DAY_SECONDS
    written = events(places[0])
    assert len({event["event_id"] for event in written}) == len(written)
    assert max(int(e["order_id"].partition("-L")[2] or 0) for e in written) == 42
    assert replay(dataset, *places, 4, 60.0, NOON + timedelta(days=7)).events == 0


def test_a_clock_that_jumps_a_week_and_back_repeats_nothing(dataset, places):
    for days in (0, 7, 0, 7):
        replay(dataset, *places, 4, 1.0, NOON + timedelta(days=days))
    ids = [event["event_id"] for event in events(places[0])]
    assert len(set(ids)) == len(ids)


def run_alone(dataset, places, now: datetime, kill_at: int = 0, torn: int = 0) -> subprocess.CompletedProcess:
    """A replay in a process of its own, which dies at its `kill_at`-th action on a file, or within its `torn`-th file;
    a run that isn't killed prints how many actions it took."""
    arguments = [str(dataset), *map(str, places), now.isoformat(), str(kill_at), str(torn)]
    env = {**os.environ, "PYTHONPATH": str(Path(whole_files.__file__).parent)}
    return subprocess.run(
        [sys.executable, "-c", KILLED_RUN, *arguments], env=env, stdout=subprocess.PIPE, text=True, timeout=60
    )


def killed_run(dataset, places, now: datetime, **where: int) -> None:
    assert run_alone(dataset, places, now, **where).returncode == -9


def actions(dataset, places, now: datetime) -> int:
    """How many actions on files a whole run takes."""
    return int(run_alone(dataset, places, now).stdout)


@pytest.fixture
def calm(tmp_path):
    """Places of runs that nothing disturbs."""
    places = tmp_path / "calm" / "events", tmp_path / "calm" / "misc"
    for place in places:
        place.mkdir(parents=True)
    return places


@pytest.fixture
def undisturbed(dataset, calm):
    """Lines of three runs that nothing disturbs."""
    for minutes in (0, 3, 30):
        replay(dataset, *calm, 4, 60.0, NOON + timedelta(minutes=minutes))
    return lines(calm[0])


def sample_of_actions(total: int, chance: random.Random) -> list[int]:
    """The first and the last actions, and some in between."""
    return sorted({1, 2, 3, total - 1, total, *chance.sample(range(1, total + 1), 4)})


def test_runs_killed_at_random_actions_lose_and_repeat_nothing(dataset, places, undisturbed, tmp_path):
    for name in ("events", "misc"):
        (tmp_path / "counted" / name).mkdir(parents=True)
    counted = tmp_path / "counted" / "events", tmp_path / "counted" / "misc"
    first, later = (actions(dataset, counted, NOON + timedelta(minutes=minutes)) for minutes in (0, 3))
    assert first > 20 and later >= 5
    for kill_at in sample_of_actions(first, random.Random(7)):
        for place in places:
            [file.unlink() for file in place.iterdir()]
        killed_run(dataset, places, NOON, kill_at=kill_at)
        # The killed batch is finished first; what became due while nothing ran follows in the same run.
        replay(dataset, *places, 4, 60.0, NOON)
        killed_run(dataset, places, NOON + timedelta(minutes=3), kill_at=1 + kill_at % later)
        replay(dataset, *places, 4, 60.0, NOON + timedelta(minutes=30))
        assert lines(places[0]) == undisturbed, f"killed at action {kill_at} of {first}"
        assert not [file for file in places[0].iterdir() if not file.name.startswith("events-")]


def test_runs_killed_again_and_again_within_a_file_lose_and_repeat_nothing(dataset, places, undisturbed):
    for minutes, files in [(0, (3, 3, 2, 1)), (3, (1, 1))]:
        for torn in files:  # each run continues with the files that the ones before did not finish
            killed_run(dataset, places, NOON + timedelta(minutes=minutes), torn=torn)
            assert list(places[0].glob("_events-*.part"))
        replay(dataset, *places, 4, 60.0, NOON + timedelta(minutes=minutes))
    replay(dataset, *places, 4, 60.0, NOON + timedelta(minutes=30))
    assert lines(places[0]) == undisturbed
    assert not [file for file in places[0].iterdir() if not file.name.startswith("events-")]


def test_files_are_the_same_however_much_is_read_at_a_time(dataset, places, calm, monkeypatch):
    monkeypatch.setattr(run, "FILE_EVENTS", 300)
    later = NOON + timedelta(days=1)  # two passes and a half
    for where, window in [(places, run.WINDOW_MS), (calm, 40_000_000)]:
        monkeypatch.setattr(run, "WINDOW_MS", window)
        for now in (NOON, later):
            replay(dataset, *where, 4, 25.0, now)
    files, same = ({file.name: file.read_bytes() for file in where[0].iterdir()} for where in (places, calm))
    assert files == same and any("-002-" in name for name in files)


def test_events_whose_watermark_is_lost_are_not_repeated(dataset, places):
    replay(dataset, *places, 4, 60.0, NOON)
    (places[1] / "replay_watermark.json").unlink()
    with pytest.raises(ReplayError, match="replay_watermark.json is missing"):
        replay(dataset, *places, 4, 60.0, NOON)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"batch": null, "other": 1}'])
def test_a_damaged_watermark_is_named(dataset, places, text):
    (places[1] / "replay_watermark.json").write_text(text)
    with pytest.raises(ReplayError, match="replay_watermark.json is not a watermark"):
        replay(dataset, *places, 4, 60.0, NOON)
    assert not lines(places[0])


@pytest.mark.parametrize("day", [90, -1, "x"])
def test_a_wrong_start_day_is_named_before_anything_is_written(dataset, places, day):
    with pytest.raises(ValueError, match="START_DAY"):
        replay(dataset, *places, day, 60.0, NOON)
    assert not any(places[0].iterdir()) and not any(places[1].iterdir())


@pytest.mark.parametrize("speed", [0, -1, "fast"])
def test_a_wrong_speed_is_named_before_anything_is_written(dataset, places, speed):
    with pytest.raises(ValueError, match="SPEED_MULTIPLIER"):
        replay(dataset, *places, 4, speed, NOON)
    assert not any(places[0].iterdir()) and not any(places[1].iterdir())


def test_a_missing_dataset_or_volume_is_named(dataset, places, tmp_path):
    with pytest.raises(DatasetError, match="events.parquet is missing"):
        replay(tmp_path / "nowhere", *places, 4, 60.0, NOON)
    with pytest.raises(ReplayError, match="no_volume does not exist"):
        replay(dataset, tmp_path / "no_volume", places[1], 4, 60.0, NOON)


def test_another_dataset_without_places_or_with_odd_texts_replays(dataset, places, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    rows = pl.read_parquet(dataset / "events.parquet").filter(pl.col("event_type_id") != schema.PING)
    delivered = pl.col("event_type_id") == schema.DELIVERED
    rows.with_columns(
        pl.when(~delivered).then("customer_lat"),
        pl.when(~delivered).then("customer_lon"),
        pl.when(pl.col("customer_addr").is_not_null()).then(pl.lit('5 "Ünder" \\ Street\n')).alias("customer_addr"),
        pl.col("location_id").cast(pl.Float64),
        order_id=pl.concat_str(pl.lit("order/"), "order_id", pl.lit("/ß")),
    ).write_parquet(other / "events.parquet")
    replay(other, *places, 4, 60.0, NOON)
    written = events(places[0])
    bodies = {(e["order_id"], e["event_type"]): json.loads(e["body"]) for e in written}
    assert len({e["event_id"] for e in written}) == len(written)
    for (order, kind), body in bodies.items():
        if kind == "delivered":
            created = bodies[order, "order_created"]
            assert body["delivered_lat"] == created["customer_lat"] is not None
            assert created["customer_addr"] == '5 "Ünder" \\ Street\n'


def test_whole_floats_in_baskets_become_ids(dataset, places, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    numbers = r'("(?:id|category_id|menu_id|brand_id|qty)": )(\d+)'
    floats = pl.col("items_json").str.replace_all(numbers, "${1}${2}.0")
    pl.read_parquet(dataset / "events.parquet").with_columns(floats).write_parquet(other / "events.parquet")
    replay(other, *places, 4, 60.0, NOON)
    baskets = [json.loads(e["body"])["items"] for e in events(places[0]) if e["event_type"] == "order_created"]
    items = [item for basket in baskets for item in basket]
    assert len(items) > 100 and {type(item[name]) for item in items for name in ("id", "brand_id", "qty")} == {int}
    assert {type(item["price"]) for item in items} == {float}


def test_orders_are_the_same_whatever_the_columns_order(dataset, places, calm, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    rows = pl.read_parquet(dataset / "events.parquet")
    rows.select(reversed(rows.columns)).sample(fraction=1, shuffle=True, seed=1).write_parquet(other / "events.parquet")
    replay(dataset, *calm, 4, 60.0, NOON)
    replay(other, *places, 4, 60.0, NOON)
    assert lines(places[0]) == lines(calm[0])
