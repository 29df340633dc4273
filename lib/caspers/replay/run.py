"""Writing the events that are due: first all up to START_DAY, then at SPEED_MULTIPLIER times the clock's speed."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import polars as pl

from caspers.canonical import schema
from caspers.canonical.dataset import DatasetError, reason, scan_table
from caspers.parameters import check
from caspers.replay.render import content
from caspers.replay.watermark import MS, Batch, ReplayError, Watermark

FILE_EVENTS = 40_000
"""Events in one file at most."""

LONG_ABSENCE = timedelta(days=1)
"""The shortest interval between two runs that a note reports."""

WRITERS = 2

WINDOW_MS = 14 * schema.DAY_SECONDS * MS
"""Virtual time that is read together: memory grows with a fortnight's events, not with a batch."""


type Upload = Callable[[Path, BinaryIO], object]
"""Writes a file, whole or not at all, in the place of one that is there."""


@dataclass(frozen=True)
class ReplayResult:
    """What a run wrote: numbers of `events` and `files`, and the virtual seconds since day 0 up to which they reach.

    `first` is whether this was the first run, `notes` are messages for the user (the clock went back …).
    """

    events: int
    files: int
    virtual_to: float
    first: bool
    notes: tuple[str, ...] = ()


class _Timeline:
    """The dataset's events, repeated without end: pass 0 is the dataset, pass 1 (`-L1`) follows its last day."""

    def __init__(self, path: Path) -> None:
        self.events = scan_table(path, "events")
        try:
            second = pl.col("ts_seconds")
            first, last = self.events.select(low=second.min(), high=second.max()).collect().row(0)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DatasetError(f"{Path(path) / 'events.parquet'} is damaged: {reason(error)}") from None
        if first is None:
            raise DatasetError(f"{Path(path) / 'events.parquet'} holds no events")
        self.start = first // schema.DAY_SECONDS * schema.DAY_SECONDS
        self.length = (last - self.start) // schema.DAY_SECONDS * schema.DAY_SECONDS + schema.DAY_SECONDS

    def passes(self, batch: Batch) -> range:
        """The passes over the dataset that a batch touches."""
        length = self.length * MS
        return range((batch.start + 1) // length, batch.end // length + 1)

    def windows(self, number: int, batch: Batch) -> Iterator[tuple[int, int]]:
        """Stretches (start, end] of virtual time that make up a batch's part in one pass."""
        before, last = number * self.length * MS - 1, (number + 1) * self.length * MS - 1
        low, high = max(batch.start, before), min(batch.end, last)
        for start in range(low, high, WINDOW_MS):
            yield start, min(start + WINDOW_MS, high)

    def between(self, number: int, window: tuple[int, int], anchor: datetime) -> pl.DataFrame:
        """Events of one pass in a window (start, end], in order of time, with their replayed time as `ts`."""
        virtual = (pl.col("ts_seconds") - self.start + number * self.length) * MS
        offset = int(anchor.timestamp() * MS)
        rows = self.events.filter((virtual > window[0]) & (virtual <= window[1])).with_columns(
            ts=pl.from_epoch(virtual + offset, time_unit="ms")
        )
        events = self._with_places(rows.collect().sort("ts_seconds", "order_id", "sequence"))
        suffix = pl.lit(f"-L{number}" if number else "")
        return events.with_columns(pl.concat_str("order_id", suffix))

    def _with_places(self, events: pl.DataFrame) -> pl.DataFrame:
        """The events with the position of a delivery taken from its order's creation where the dataset has none."""
        delivered = pl.col("event_type_id") == schema.DELIVERED
        if events.filter(delivered & pl.col("customer_lat").is_null()).is_empty():
            return events
        created = self.events.filter(pl.col("event_type_id") == schema.CREATED)
        place = created.select("order_id", lat="customer_lat", lon="customer_lon").collect()
        joined = events.join(place, on="order_id", how="left", maintain_order="left")
        fill = [pl.coalesce(f"customer_{x}", pl.when(delivered).then(x)).alias(f"customer_{x}") for x in ("lat", "lon")]
        return joined.with_columns(fill).drop("lat", "lon")


def _slices(timeline: _Timeline, number: int, batch: Batch, anchor: datetime) -> Iterator[pl.DataFrame]:
    """The events of a batch's part in one pass, `batch.size` at a time, in order of time."""
    rest = None
    for window in timeline.windows(number, batch):
        events = timeline.between(number, window, anchor)
        events = events if rest is None else pl.concat([rest, events])
        whole = events.height // batch.size * batch.size
        yield from events.head(whole).iter_slices(batch.size)
        rest = events.slice(whole)
    if rest is not None and not rest.is_empty():
        yield rest


def _files(timeline: _Timeline, batch: Batch, anchor: datetime, volume: Path) -> Iterator[tuple[Path, pl.DataFrame]]:
    """The files of a batch and their events: the same names and contents whenever it is repeated."""
    for number in timeline.passes(batch):
        stem = f"events-{batch.start + 1:012d}-{batch.end:012d}-{number:03d}"
        for part, rows in enumerate(_slices(timeline, number, batch, anchor)):
            yield volume / f"{stem}-{part:03d}.json", rows


def _write(timeline: _Timeline, batch: Batch, anchor: datetime, volume: Path, upload: Upload) -> tuple[int, int]:
    """Write the files of a batch that are not there yet. Returns its events and files."""
    written, waiting = [], deque[Future[None]]()
    with ThreadPoolExecutor(WRITERS) as writers:
        for file, rows in _files(timeline, batch, anchor, volume):
            written.append(rows.height)
            # An existing file is whole, and may have been read already: it is not written again.
            if not file.exists():
                waiting.append(writers.submit(_upload, rows, file, upload))
            if len(waiting) > 2 * WRITERS:
                waiting.popleft().result()
        for one in waiting:
            one.result()
    return sum(written), len(written)


def _upload(events: pl.DataFrame, file: Path, upload: Upload) -> None:
    upload(file, content(events))


def _finish(
    timeline: _Timeline, mark: Watermark, batch: Batch, volume: Path, state: Path, upload: Upload
) -> tuple[Watermark, int, int]:
    """Write the announced batch, then move the watermark past it."""
    events, files = _write(timeline, batch, datetime.fromisoformat(mark.anchor), volume, upload)
    mark = mark.done(batch)
    upload(state, mark.content())
    return mark, events, files


def _start(volume: Path, state: Path, start_day: int, now: datetime, upload: Upload) -> Watermark:
    """Announce the first batch; refuses a volume whose watermark is lost, since its events would be repeated."""
    if any(volume.glob("events-*.json")):
        raise ReplayError(f"{volume} holds events but {state} is missing. Empty the volume, or restore the watermark.")
    mark = Watermark.first(start_day, now, FILE_EVENTS)
    upload(state, mark.content())
    return mark


def _check_directories(*directories: Path) -> None:
    for directory in directories:
        if not directory.is_dir():
            raise ReplayError(f"{directory} does not exist. Run notebook 01, which creates the volumes of a replay.")


def _notes(mark: Watermark, now: datetime) -> tuple[str, ...]:
    """Messages about an unusual interval since the last run."""
    elapsed = mark.elapsed(now)
    if elapsed < timedelta(0):
        return (f"The clock went back by {-elapsed}: nothing is written, and the replay continues from this time.",)
    if elapsed >= LONG_ABSENCE:
        return (f"The last run was {elapsed} ago: everything that has become due since then is written now.",)
    return ()


def replay(
    dataset_dir: Path | str,
    volume_dir: Path | str,
    state_dir: Path | str,
    start_day: int,
    speed_multiplier: float,
    now: datetime,
    upload: Upload,
) -> ReplayResult:
    """Write the events that are due at `now` (aware) as files of JSON lines in `volume_dir`, by `upload`.

    The first run writes everything from day 0 up to `start_day` at `now`'s time of day; each later one what the
    elapsed time times `speed_multiplier` has made due. Event times are moved by whole days, so that the first run ends
    at `now`; from there virtual time runs `speed_multiplier` times as fast as the clock, and so do the `ts` of
    events. After the dataset's last day it begins again with later times and `-L1`, `-L2` … behind the order ids.

    Killed at any point and run again, it writes every event once: a batch is announced in `state_dir` before its
    first file, and the next run finishes it before anything else. Raises ValueError (also as ReplayError or
    DatasetError) for a wrong parameter, watermark or dataset, before anything is written.
    """
    day, speed = int(check("START_DAY", start_day)), float(check("SPEED_MULTIPLIER", speed_multiplier))
    now, timeline = now.astimezone(UTC), _Timeline(Path(dataset_dir))
    volume, state = Path(volume_dir), Path(state_dir) / "replay_watermark.json"
    _check_directories(volume, state.parent)
    begin = mark = Watermark.load(state) or _start(volume, state, day, now, upload)
    events = files = 0
    if mark.batch:
        mark, events, files = _finish(timeline, mark, mark.batch, volume, state, upload)
    notes, due = _notes(mark, now), mark.due(speed, now, FILE_EVENTS)
    if due.end > due.start:
        mark = mark.announce(due)
        upload(state, mark.content())
        mark, more, parts = _finish(timeline, mark, due, volume, state, upload)
        events, files = events + more, files + parts
    elif mark.elapsed(now) < timedelta(0):
        upload(state, mark.at(now).content())
    first = begin.virtual < 0
    return ReplayResult(events, files, mark.virtual / MS, first, notes)
