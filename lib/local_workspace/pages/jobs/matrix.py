"""The last runs of a job as a matrix: a column for each run, a row for each task."""

from collections.abc import Sequence
from dataclasses import dataclass

from local_workspace.engines.jobs.documents import Task
from local_workspace.engines.jobs.repair import latest_attempts
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import shown_state
from local_workspace.pages.jobs.rows import RunRow, run_link, run_row

BAR = 48  # the height of the longest run's bar, in pixels


@dataclass(frozen=True)
class Column:
    """A run, and how high its bar is, in pixels: as its duration beside the longest."""

    run: RunRow
    height: int


@dataclass(frozen=True)
class Cell:
    """A task in a run."""

    state: str
    link: str


@dataclass(frozen=True)
class Matrix:
    """The columns, oldest first, and the cells of each task in the same order; None where a run lacks the task."""

    columns: list[Column]
    rows: list[tuple[str, list[Cell | None]]]


def matrix(runs: Sequence[Run], tasks: Sequence[Task]) -> Matrix:
    """The matrix of `runs`, which are newest first, of a job with these tasks now."""
    ordered = list(reversed(runs))
    shown = [run_row(run) for run in ordered]
    longest = max((run.duration or 0 for run in shown), default=0) or 1
    columns = [Column(run, max(3, round(BAR * (run.duration or 0) / longest))) for run in shown]
    cells = [{key: _cell(run, task) for key, task in latest_attempts(run).items()} for run in ordered]
    keys = dict.fromkeys([task["task_key"] for task in tasks] + [key for column in cells for key in column])
    return Matrix(columns, [(key, [column.get(key) for column in cells]) for key in keys])


def _cell(run: Run, task: TaskRun) -> Cell:
    return Cell(shown_state(task["state"]), run_link(run["job_id"], task["run_id"]))
