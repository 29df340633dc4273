"""The watermark of a replay and its batch in progress: one small file, which is replaced as a whole."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Self

from caspers.canonical.schema import DAY_SECONDS

MS = 1_000


class ReplayError(ValueError):
    """A replay that can't start; the message names what is wrong and what to do."""


@dataclass(frozen=True)
class Batch:
    """Virtual milliseconds (start, end] that one run writes in files of up to `size` events.

    `now` is the clock's time at which it was planned.
    """

    start: int
    end: int
    now: str
    size: int


@dataclass(frozen=True)
class Watermark:
    """The state of a replay.

    Virtual time is milliseconds since midnight of day 0. `anchor` is the replayed time of virtual 0 (ISO), `virtual`
    what has been written up to, at the clock's time `now`; `batch` is announced before its first file is written
    and cleared after its last, so that a killed run can be repeated file by file.
    """

    anchor: str
    virtual: int
    now: str
    batch: Batch | None = None

    @classmethod
    def first(cls, start_day: int, now: datetime, size: int) -> Self:
        """Announce everything from day 0 up to `start_day` at the time of day of `now`."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        anchor = midnight - timedelta(days=start_day)
        end = (now - anchor) // timedelta(milliseconds=1)
        return cls(anchor.isoformat(), -1, now.isoformat(), Batch(-1, end, now.isoformat(), size))

    def elapsed(self, now: datetime) -> timedelta:
        """Time since the watermark was moved; negative if the clock went back."""
        return now - datetime.fromisoformat(self.now)

    def due(self, speed: float, now: datetime, size: int) -> Batch:
        """The batch that `speed` times the elapsed time has made due: empty if nothing is due."""
        seconds = self.elapsed(now).total_seconds() * speed
        return Batch(self.virtual, self.virtual + int(seconds * MS), now.isoformat(), size)

    def announce(self, batch: Batch) -> Self:
        """This watermark with `batch` in progress."""
        return replace(self, batch=batch)

    def at(self, now: datetime) -> Self:
        """This watermark, with elapsed time counted from `now`."""
        return replace(self, now=now.isoformat())

    def done(self, batch: Batch) -> Self:
        """This watermark moved to the end of `batch`."""
        return replace(self, virtual=batch.end, now=batch.now, batch=None)

    def content(self) -> BytesIO:
        """Its file, at its beginning."""
        return BytesIO(json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """Read from `file`; None if there is none yet. Raises ReplayError if it is not a watermark."""
        if not file.exists():
            return None
        try:
            stored = dict(json.loads(file.read_text(encoding="utf-8")))
            batch = stored.pop("batch")
            return cls(**stored, batch=batch and Batch(**batch))
        except (ValueError, TypeError, KeyError) as error:
            raise ReplayError(
                f"{file} is not a watermark of this replay ({error}). Remove it and the events, then repeat the run."
            ) from None


def describe(milliseconds: int) -> str:
    """Virtual time for people: `day 70, 12:00`."""
    day, second = divmod(max(milliseconds, 0) // MS, DAY_SECONDS)
    return f"day {day}, {second // 3600:02d}:{second // 60 % 60:02d}"
