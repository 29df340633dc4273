"""Progress of a run: lines where there is no terminal, a table where there is one."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from caspers.runbook.plan import Task
from caspers.runbook.progress import STYLES, Progress, clock, table_of
from caspers.runbook.runner import State, TaskRun


def run(key: str, **more: object) -> TaskRun:
    return TaskRun(Task(key, Path("notebooks/x.ipynb"), ()), Path("out.ipynb"), {}, **more)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.99, "0:59"), (60, "1:00"), (600, "10:00"), (3_661, "61:01")]
)
def test_seconds_are_minutes_and_seconds(seconds, text):
    assert clock(seconds) == text


def test_a_change_is_one_line_however_long_and_brackets_are_text():
    out = io.StringIO()
    progress = Progress(Console(file=out, width=20))
    progress.changed(run("Canonical_Data", state=State.RUNNING, started=5.0))
    progress.changed(run("[bold]" + "x" * 30, state=State.DONE, started=5.0, ended=70.5))
    first, second = out.getvalue().splitlines()
    assert first.endswith("] Canonical_Data running")
    assert second.endswith(f"] [bold]{'x' * 30} done after 1:05")


def test_a_terminal_gets_no_lines():
    out = io.StringIO()
    Progress(Console(file=out, force_terminal=True)).changed(run("a", state=State.DONE, started=1.0, ended=2.0))
    assert out.getvalue() == ""


def test_the_table_shows_the_runs_as_they_are_when_it_is_drawn():
    runs = {"a": run("a", state=State.DONE, started=1.0, ended=66.0, cell=7, cells=7), "b": run("b")}
    draw = table_of(runs)
    runs["b"].state, runs["b"].cell, runs["b"].cells = State.FAILED, 2, 9
    out = io.StringIO()
    Console(file=out, width=80).print(draw())
    rows = [line.split() for line in out.getvalue().splitlines()]
    assert rows == [["Task", "State", "Cell", "Elapsed"], ["a", "done", "7/7", "1:05"], ["b", "failed", "2/9"]]


def test_every_state_can_be_drawn():
    assert STYLES.keys() == set(State)
