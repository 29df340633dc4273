"""Progress of a run: a live table on a terminal, one line per change of state elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from caspers.runbook.runner import State, TaskRun

STYLES = {
    State.WAITING: "dim",
    State.RUNNING: "yellow",
    State.DONE: "green",
    State.FAILED: "bold red",
    State.SKIPPED: "dim",
    State.INTERRUPTED: "magenta",
}


class Progress:
    """Shows the progress of task runs: `show` while they run, `changed` as a Runner's `on_change`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def changed(self, run: TaskRun) -> None:
        """Print one line for a run's new state; on a terminal the live table has it already."""
        if not self._console.is_terminal:
            took = f" after {clock(run.elapsed)}" if run.ended else ""
            self._console.print(
                f"[{clock(time.monotonic() - self._began)}] {run.task.key} {run.state}{took}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    @contextmanager
    def show(self, runs: Mapping[str, TaskRun]) -> Iterator[None]:
        """Keep the table of `runs` on the terminal while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=table_of(runs), console=self._console, refresh_per_second=4):
            yield


def table_of(runs: Mapping[str, TaskRun]) -> Callable[[], Table]:
    """A function that draws the runs as they are when it is called."""

    def draw() -> Table:
        table = Table("Task", "State", "Cell", "Elapsed", box=None, pad_edge=False)
        for key, run in runs.items():
            cell = f"{run.cell}/{run.cells}" if run.cells else ""
            table.add_row(key, f"[{STYLES[run.state]}]{run.state}", cell, clock(run.elapsed) if run.started else "")
        return table

    return draw


def clock(seconds: float) -> str:
    """Seconds as M:SS."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
