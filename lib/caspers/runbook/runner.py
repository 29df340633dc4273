"""Runs a plan: tasks that wait for nothing go side by side, and a failed one stops only what depends on it."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from caspers.parameters import Value
from caspers.runbook.bundle import PlanError
from caspers.runbook.kernels import Kernels
from caspers.runbook.notebook import NotebookFailed, declared_parameters, execute
from caspers.runbook.plan import Plan, Task

WORKERS = 4  # notebooks side by side
INTERRUPT_SECONDS = 10  # time that an interrupted cell has to clean up


class State(StrEnum):
    """The state of a task."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass
class TaskRun:
    """One task's run: its executed notebook, state, times on the monotonic clock, place in the cells, failure."""

    task: Task
    output: Path
    values: Mapping[str, Value]
    state: State = State.WAITING
    started: float | None = None
    ended: float | None = None
    cell: int = 0
    cells: int = 0
    failure: NotebookFailed | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the task started, 0 before."""
        return 0.0 if self.started is None else (self.ended or time.monotonic()) - self.started


class Runner:
    """Runs `plan` once. Executed notebooks go to `folder`; `on_change(run)` is called at each change of state."""

    def __init__(self, plan: Plan, folder: Path, on_change: Callable[[TaskRun], None]) -> None:
        """Read the parameters of every notebook. Raises PlanError if a notebook is missing or damaged."""
        self._folder = folder
        self._on_change = on_change
        self._kernels = Kernels()
        self.runs = {
            task.key: TaskRun(task, folder / task.notebook.name, _injected(task, plan)) for task in plan.tasks.values()
        }

    def run(self) -> bool:
        """Run all tasks; True if every one is done. Raises KeyboardInterrupt once all kernels have ended."""
        self._folder.mkdir(parents=True, exist_ok=True)
        running: dict[Future[None], TaskRun] = {}
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="task") as pool:
            try:
                self._run_all(pool, running)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop(running)
                raise
        return all(run.state is State.DONE for run in self.runs.values())

    def _run_all(self, pool: ThreadPoolExecutor, running: dict[Future[None], TaskRun]) -> None:
        submitted: set[str] = set()
        while True:
            for run in self._ready(submitted):
                submitted.add(run.task.key)
                running[pool.submit(self._execute, run)] = run
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                del running[future]
                future.result()
            self._skip_dependents()

    def _ready(self, submitted: set[str]) -> list[TaskRun]:
        return [
            run
            for key, run in self.runs.items()
            if key not in submitted
            and run.state is State.WAITING
            and all(self.runs[other].state is State.DONE for other in run.task.depends_on)
        ]

    def _skip_dependents(self) -> None:
        for run in self.runs.values():  # in running order, so one pass reaches everything downstream
            above = {self.runs[other].state for other in run.task.depends_on}
            if run.state is State.WAITING and above & {State.FAILED, State.SKIPPED}:
                self._change(run, State.SKIPPED)

    def _execute(self, run: TaskRun) -> None:
        def at_cell(cell: int, cells: int) -> None:
            run.cell, run.cells = cell, cells

        run.started = time.monotonic()
        self._change(run, State.RUNNING)
        try:
            execute(run.task.notebook, run.output, run.values, self._kernels, at_cell)
        except NotebookFailed as failure:
            stopped = self._kernels.closing.is_set()
            run.failure = None if stopped else failure
            self._change(run, State.INTERRUPTED if stopped else State.FAILED)
        else:
            self._change(run, State.DONE)

    def _change(self, run: TaskRun, state: State) -> None:
        if state not in (State.RUNNING, State.SKIPPED):
            run.ended = time.monotonic()
        run.state = state
        self._on_change(run)

    def _stop(self, running: Mapping[Future[None], TaskRun]) -> None:
        """Interrupt the cells; after INTERRUPT_SECONDS, or at a second Ctrl-C, kill the kernels."""
        try:
            self._kernels.interrupt()
            wait(running, timeout=INTERRUPT_SECONDS)
        finally:
            self._kernels.kill()


def _injected(task: Task, plan: Plan) -> dict[str, Value]:
    """The plan's parameters that the notebook declares; another parameter of the notebook keeps its default."""
    try:
        declared = declared_parameters(task.notebook)
    except (FileNotFoundError, ValueError) as error:
        raise PlanError(f"Task {task.key} can't run: {error}") from None
    return {name: value for name, value in plan.parameters.items() if name in declared}
