"""The supervisor over units whose lives are written down beforehand, and over real processes."""

import sys
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import psutil
import pytest

import marks
from local_workspace.runtime.home import open_home
from local_workspace.runtime.process_unit import Launch, ProcessUnit
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.supervisor import Policy, State, Supervisor
from waiting import eventually, has_ended

NOT_STARTED, NOT_READY, ENDED, LASTS = "not started", "not ready", "ended", "lasts"


@dataclass
class Written:
    """A unit that lives as `lives` say, each with the seconds that it is ready; the last one is repeated."""

    lives: list[tuple[str, float]]
    what: str = "the thing"
    now: float = 0.0
    started: int = 0
    ended: list[int] = field(default_factory=list)
    released: defaultdict[int, threading.Event] = field(default_factory=lambda: defaultdict(threading.Event))

    def start(self) -> int:
        self.started += 1
        if self._life(self.started)[0] == NOT_STARTED:
            raise OSError(f"start {self.started}: no such program")
        return self.started

    def wait_until_ready(self, handle: int) -> None:
        if self._life(handle)[0] == NOT_READY:
            raise RuntimeError(f"start {handle} did not get ready")

    def wait_end(self, handle: int) -> str:
        kind, seconds = self._life(handle)
        if kind == LASTS:
            self.released[handle].wait()
        self.now += seconds
        return f"life {handle} ended"

    def end(self, handle: int) -> None:
        self.ended.append(handle)
        self.released[handle].set()

    def _life(self, number: int) -> tuple[str, float]:
        return self.lives[min(number, len(self.lives)) - 1]


class Supervised:
    """A supervisor over `lives`, whose clock is theirs and whose pauses are noted and not waited for."""

    def __init__(self, *lives: tuple[str, float], **policy: object) -> None:
        self.unit, self.pauses = Written(list(lives)), []
        self.supervisor = Supervisor(
            self.unit, Policy(**policy), lambda: self.unit.now, lambda _, seconds: self.pauses.append(seconds)
        )
        self.supervisor.start()

    def state(self) -> State:
        return self.supervisor.status.state


@pytest.fixture
def processes(home_root):
    return Processes(open_home(home_root))


def test_it_runs_until_it_is_stopped_and_is_ended_once_more_for_what_it_leaves():
    thing = Supervised((LASTS, 0))
    thing.supervisor.wait_ready()
    assert (thing.state(), thing.supervisor.status.message) == (State.RUNNING, "")
    thing.supervisor.stop()
    thing.supervisor.stop()
    assert thing.state() is State.STOPPED and thing.unit.started == 1 and set(thing.unit.ended) == {1}
    with pytest.raises(RuntimeError, match="the thing was stopped"):
        thing.supervisor.wait_ready()


def test_it_starts_again_after_pauses_that_double_up_to_the_longest():
    thing = Supervised(*[(NOT_READY, 0)] * 6, (LASTS, 0), first_pause=1, longest_pause=10)
    eventually(thing.state, State.RUNNING)
    assert thing.pauses == [1, 2, 4, 8, 10, 10]
    thing.supervisor.stop()


def test_a_steady_life_ends_the_row_of_failures_and_a_short_one_does_not():
    lives = [(NOT_READY, 0), (ENDED, 60), (ENDED, 59), (ENDED, 59), (LASTS, 0)]
    thing = Supervised(*lives, first_pause=1, steady=60)
    eventually(thing.state, State.RUNNING)
    assert thing.pauses == [1, 1, 1, 2]
    thing.supervisor.stop()


def test_at_the_limit_it_has_failed_and_says_why():
    thing = Supervised((NOT_STARTED, 0), limit=3)
    eventually(thing.state, State.FAILED)
    assert thing.supervisor.status.message == (
        "the thing failed 3 times in a row and is not started again. The last time: start 3: no such program"
    )
    assert len(thing.pauses) == 2 and thing.unit.started == 3
    with pytest.raises(RuntimeError, match="start 3: no such program"):
        thing.supervisor.wait_ready()


def test_one_that_is_ready_and_ends_at_once_reaches_the_limit_too():
    thing = Supervised((ENDED, 1), limit=5)
    eventually(thing.state, State.FAILED)
    assert thing.unit.started == 5 and "life 5 ended" in thing.supervisor.status.message


def test_after_a_failure_for_good_it_can_be_started_again():
    thing = Supervised((NOT_READY, 0), (LASTS, 0), limit=1)
    eventually(thing.state, State.FAILED)
    thing.supervisor.start()
    thing.supervisor.wait_ready()
    thing.supervisor.stop()


def test_without_a_limit_it_never_gives_up():
    thing = Supervised(*[(NOT_READY, 0)] * 500, (LASTS, 0), limit=None)
    eventually(thing.state, State.RUNNING)
    assert thing.unit.started == 501 and max(thing.pauses) == 60
    thing.supervisor.stop()


def test_the_first_start_decides_and_a_later_one_does_not():
    thing = Supervised((NOT_READY, 0), first_start_decides=True)
    eventually(thing.state, State.FAILED)
    assert thing.unit.started == 1 and thing.supervisor.status.message == "start 1 did not get ready"
    later = Supervised((ENDED, 0), (NOT_READY, 0), (LASTS, 0), first_start_decides=True)
    eventually(later.state, State.RUNNING)
    later.supervisor.stop()


def test_the_states_between_two_lives_say_what_went_wrong():
    seen, going_on = [], threading.Event()
    unit = Written([(ENDED, 0), (NOT_READY, 0), (LASTS, 0)])

    def wait(_: threading.Event, _seconds: float) -> None:
        seen.append((supervisor.status.state, supervisor.status.message))
        going_on.wait()

    supervisor = Supervisor(unit, Policy(), lambda: 0.0, wait)
    supervisor.start()
    eventually(lambda: seen, [(State.STARTING, "life 1 ended")])
    with pytest.raises(RuntimeError, match="was not ready within 0 s"):
        supervisor.wait_ready(0)
    going_on.set()
    eventually(lambda: supervisor.status.state, State.RUNNING)
    assert seen[1] == (State.RETRYING, "start 2 did not get ready")
    supervisor.stop()


def test_a_stop_while_it_is_starting_ends_what_was_started():
    """The unit is stopped after it has started and before the supervisor knows of it."""
    unit = Written([(LASTS, 0)])
    starting, going_on = threading.Event(), threading.Event()
    start = unit.start

    def slow_start() -> int:
        handle = start()
        starting.set()
        going_on.wait()
        return handle

    unit.start = slow_start
    supervisor = Supervisor(unit, Policy())
    supervisor.start()
    starting.wait()
    stopping = threading.Thread(target=supervisor.stop)
    stopping.start()
    going_on.set()
    stopping.join()
    assert supervisor.status.state is State.STOPPED and unit.ended and unit.started == 1


def test_a_stop_in_a_pause_does_not_wait_for_its_end():
    supervisor = Supervisor(Written([(NOT_READY, 0)]), Policy(first_pause=3600, longest_pause=3600))
    supervisor.start()
    eventually(lambda: supervisor.status.state, State.RETRYING)
    supervisor.stop()
    assert supervisor.status.state is State.STOPPED


def python(processes: Processes, code: str, ready: str) -> ProcessUnit:
    """A process that runs `code` and is ready once it has printed `ready`."""
    log = processes.home.logs / "small.log"
    return ProcessUnit(
        processes,
        "small",
        "the small one",
        lambda: Launch([sys.executable, "-c", code], lambda: ready in log.read_text()),
        timeout=60,
    )


def test_a_killed_process_comes_back(processes):
    unit = python(processes, "import signal; print('up', flush=True); signal.pause()", "up")
    supervisor = Supervisor(unit, Policy(), wait=lambda *_: None)
    supervisor.start()
    supervisor.wait_ready()
    first = marks.process(processes.home, "small")
    first.kill()
    again = eventually(
        lambda: marks.process(processes.home, "small"),
        lambda found: found != first,
        ignoring=(OSError, psutil.NoSuchProcess),
    )
    supervisor.stop()
    assert has_ended(again)


def test_a_process_that_can_not_start_fails_with_the_end_of_its_log(processes):
    supervisor = Supervisor(python(processes, "raise SystemExit('no such disk')", "up"), Policy(limit=1))
    supervisor.start()
    with pytest.raises(RuntimeError, match="the small one ended with code 1 while starting:\nno such disk"):
        supervisor.wait_ready()
    assert supervisor.status.state is State.FAILED
    supervisor.stop()
