"""The plan: a target's notebooks, what each waits for, and its parameters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from caspers import parameters
from caspers.runbook.bundle import PlanError, read_bundle


@dataclass(frozen=True)
class Task:
    """One notebook of the plan, and the keys of the tasks that it waits for."""

    key: str
    notebook: Path
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The tasks of one target by key, in an order in which they can run, and its parameters, typed."""

    target: str
    job_name: str
    tasks: Mapping[str, Task]
    parameters: Mapping[str, parameters.Value]

    def with_parameters(self, given: Mapping[str, str]) -> "Plan":
        """This plan with `given` values. Raises PlanError for an unknown name or a value out of range."""
        for name in given:
            if name not in self.parameters:
                raise PlanError(
                    f"Target {self.target!r} has no parameter {name!r}. Valid parameters: {', '.join(self.parameters)}."
                )
        return replace(self, parameters=_checked({**self.parameters, **given}))

    def only(self, key: str) -> "Plan":
        """This plan with task `key` alone; what it waits for counts as done."""
        self._known(key)
        return self._part({key})

    def starting(self, keys: Iterable[str]) -> "Plan":
        """This plan from tasks `keys` on: they and everything that waits for them."""
        part = set()
        for key in keys:
            part |= {key} | self.downstream(key)
        return self._part(part)

    def downstream(self, key: str) -> set[str]:
        """The keys of all tasks that wait for `key`, directly or not. Raises PlanError if there is no such task."""
        self._known(key)
        found: set[str] = set()
        for task in self.tasks.values():  # in running order, so one pass reaches everything
            if found.union({key}).intersection(task.depends_on):
                found.add(task.key)
        return found

    def _known(self, key: str) -> None:
        if key not in self.tasks:
            raise PlanError(f"Target {self.target!r} has no task {key!r}. Valid tasks: {', '.join(self.tasks)}.")

    def _part(self, keys: set[str]) -> "Plan":
        inside = {key: task for key, task in self.tasks.items() if key in keys}
        tasks = {
            key: replace(task, depends_on=tuple(other for other in task.depends_on if other in keys))
            for key, task in inside.items()
        }
        return replace(self, tasks=tasks)


def load_plan(path: Path, target: str) -> Plan:
    """The plan that the bundle at `path` (databricks.yml) has for `target`.

    Raises PlanError if the target is unknown, the bundle doesn't define exactly one job, a dependency is
    unknown or part of a cycle, or a parameter's default is not valid.
    """
    job = _the_job(read_bundle(path, target), path)
    tasks = [_task(entry, path.parent) for entry in job.get("tasks", [])]
    defaults = {entry["name"]: entry["default"] for entry in job.get("parameters", [])}
    return Plan(target, job["name"], _in_order(tasks), _checked(defaults))


def _the_job(bundle: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    jobs = (bundle.get("resources") or {}).get("jobs") or {}
    if len(jobs) != 1:
        raise PlanError(f"{path.name} must define exactly one job; it defines {len(jobs)}.")
    return next(iter(jobs.values()))


def _task(entry: Mapping[str, Any], folder: Path) -> Task:
    notebook = (folder / entry["notebook_task"]["notebook_path"]).resolve()
    return Task(entry["task_key"], notebook, tuple(other["task_key"] for other in entry.get("depends_on", [])))


def _in_order(tasks: list[Task]) -> dict[str, Task]:
    by_key = {task.key: task for task in tasks}
    for task in tasks:
        for other in task.depends_on:
            if other not in by_key:
                raise PlanError(
                    f"Task {task.key} depends on {other!r}, which is no task. Valid tasks: {', '.join(by_key)}."
                )
    sorter = TopologicalSorter({task.key: task.depends_on for task in tasks})
    try:
        sorter.prepare()
    except CycleError as error:
        raise PlanError(f"The tasks depend on each other in a cycle: {' → '.join(error.args[1])}.") from None
    return {key: by_key[key] for key in _by_notebook(sorter, by_key)}


def _by_notebook(sorter: TopologicalSorter[str], by_key: Mapping[str, Task]) -> Iterator[str]:
    """The keys in running order; of those that could be next, the first by its notebook's name."""
    ready: list[tuple[str, str]] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            heappush(ready, (by_key[key].notebook.name, key))
        _, key = heappop(ready)
        sorter.done(key)
        yield key


def _checked(values: Mapping[str, object]) -> dict[str, parameters.Value]:
    try:
        return {name: parameters.check(name, value) for name, value in values.items()}
    except ValueError as error:
        raise PlanError(str(error)) from None
