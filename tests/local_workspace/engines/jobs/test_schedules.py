"""The clocks of jobs, and a wall clock that is set."""

import time
from collections.abc import Iterator

import pytest

from local_workspace.engines.jobs import schedules
from local_workspace.engines.jobs.schedules import Schedules
from waiting import eventually

DAY = 86_400.0
DAILY = {"schedule": {"quartz_cron_expression": "0 0 12 * * ?", "timezone_id": "UTC"}}
EVERY_DAY = {"trigger": {"periodic": {"interval": 1, "unit": "DAYS"}}}


class Wall:
    """The system's clock, which a test sets."""

    def __init__(self) -> None:
        self.ahead, self.looks = 0.0, 0

    def __call__(self) -> float:
        self.looks += 1
        return time.time() + self.ahead


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def fired() -> list[int]:
    return []


@pytest.fixture
def clocks(wall: Wall, fired: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Schedules]:
    monkeypatch.setattr(schedules, "LOOK_SECONDS", 0.05)
    made = Schedules(fired.append, wall)
    made.start()
    yield made
    made.stop()


def look(wall: Wall) -> None:
    """Return once the clock has been looked at anew."""
    looks = wall.looks
    eventually(lambda: wall.looks > looks + 2)


@pytest.mark.parametrize("settings", [DAILY, EVERY_DAY])
def test_a_clock_that_is_set_back_makes_no_job_wait_twice(clocks, wall, fired, settings):
    clocks.put({"job_id": 7, "created_time": 0, "settings": settings})
    look(wall)
    assert fired == []
    wall.ahead = -3 * DAY  # the job is due days before the time that it waited for, which is past for the scheduler
    eventually(lambda: fired, [7])


def test_a_clock_that_is_set_on_or_slewed_changes_no_time(clocks, wall, fired):
    clocks.put({"job_id": 7, "created_time": 0, "settings": DAILY})
    before = clocks.next_run(7)
    for ahead in (0.5, 3 * DAY):
        wall.ahead = ahead
        look(wall)
    assert clocks.next_run(7) == before and fired == []
