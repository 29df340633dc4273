"""The forms that start and repair runs: what they offer, and what was chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local_workspace.engines.jobs.documents import Job, Task
from local_workspace.engines.jobs.repair import GOOD, latest_attempts
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import result_of, shown_state
from local_workspace.pages.jobs.kinds import Fact, kind_of
from local_workspace.pages.jobs.rows import run_link
from local_workspace.runtime.errors import ApiError, invalid


@dataclass(frozen=True)
class RunForm:
    """What a run can be given: values of the job's parameters and of those of its notebooks."""

    job_parameters: list[Fact]
    notebook_parameters: list[Fact]
    has_notebooks: bool


@dataclass(frozen=True)
class Choice:
    """A task that can run again; `chosen` if it has to, for the run to succeed."""

    key: str
    kind: str
    state: str
    chosen: bool


@dataclass(frozen=True)
class RepairForm:
    """The tasks of a run and the parameters of its repair."""

    job_id: int
    name: str
    link: str
    tasks: list[Choice]
    job_parameters: list[Fact]
    notebook_parameters: list[Fact]


def of_job(job: Job) -> RunForm:
    """The form that starts a run of a job, with the defaults of its settings."""
    tasks = job["settings"].get("tasks", [])
    return RunForm(
        job_parameters=[Fact(each["name"], each["default"]) for each in job["settings"].get("parameters", [])],
        notebook_parameters=[Fact(name, value) for name, value in notebook_parameters(tasks).items()],
        has_notebooks=any("notebook_task" in each for each in _with_nested(tasks)),
    )


def of_run(run: Run) -> RepairForm:
    """The form that repairs a run, with the parameters that it had."""
    return RepairForm(
        job_id=run["job_id"],
        name=run["run_name"],
        link=run_link(run["job_id"], run["run_id"]),
        tasks=[_choice(task) for task in latest_attempts(run).values()],
        job_parameters=[Fact(each["name"], each["value"]) for each in run["job_parameters"]],
        notebook_parameters=[Fact(name, value) for name, value in run["overriding_parameters"].items()],
    )


def notebook_parameters(tasks: Iterable[Task]) -> dict[str, str]:
    """The parameters that notebook tasks set, with the first task's value of each."""
    found: dict[str, str] = {}
    for task in _with_nested(tasks):
        for name, value in task.get("notebook_task", {}).get("base_parameters", {}).items():
            found.setdefault(name, str(value))
    return found


def changed(given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The values that differ from the defaults: only those are for all notebooks alike."""
    return {name: value for name, value in given.items() if defaults.get(name) != value}


def latest_repair(run: Run) -> int | None:
    """The id of a run's latest repair; None if it has none."""
    return run["repair_history"][-1].get("id") if run.get("repair_history") else None


def none_chosen() -> ApiError:
    """The refusal of a repair without tasks."""
    return invalid("Choose at least one task to run again.")


def _with_nested(tasks: Iterable[Task]) -> list[Task]:
    """The tasks, those of for_each_tasks in their place."""
    return [task["for_each_task"]["task"] if "for_each_task" in task else task for task in tasks]


def _choice(task: TaskRun) -> Choice:
    return Choice(task["task_key"], kind_of(task), shown_state(task["state"]), result_of(task) not in GOOD)
