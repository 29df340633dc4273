"""The parameters of a run and of its tasks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from local_workspace.engines.jobs import references
from local_workspace.engines.jobs.documents import Settings
from local_workspace.engines.jobs.run_documents import Run, RunParameter, TaskRun
from local_workspace.runtime.errors import invalid

_SHOWN = {
    "condition_task": ("left", "right"),
    "notebook_task": ("base_parameters",),
    "python_wheel_task": ("named_parameters", "parameters"),
    "run_job_task": ("job_parameters",),
    "spark_python_task": ("parameters",),
    "sql_task": ("parameters",),
}


def job_parameters(
    settings: Settings, overrides: Mapping[str, str], inherited: Mapping[str, str] = MappingProxyType({})
) -> list[RunParameter]:
    """The run's job parameters as {name, default, value}. Raises 400 for an override the job doesn't define.

    `inherited` are the parameters of the job whose run_job_task starts the run: a job's parameters are pushed down to
    its tasks, and win (https://docs.databricks.com/aws/en/jobs/job-parameters).
    """
    defaults = {item["name"]: item["default"] for item in settings.get("parameters", [])}
    unknown = sorted(overrides.keys() - defaults.keys())
    if unknown:
        raise invalid(
            f"The job {settings['name']!r} has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(sorted(defaults)) or 'none'}."
        )
    given = {**overrides, **inherited}
    return [{"name": name, "default": default, "value": given.get(name, default)} for name, default in defaults.items()]


def task_parameters(task: TaskRun, run: Run, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The parameters of a notebook task: its own with references resolved, overridden by the job's."""
    own = {**task["notebook_task"].get("base_parameters", {}), **run["overriding_parameters"]}
    known = references.values(task, run) if known is None else known
    return {name: references.resolved(str(text), known) for name, text in own.items()} | _of_job(run, known)


def resolved_task(task: TaskRun, run: Run, known: Mapping[str, str]) -> TaskRun:
    """The task with the references in its `*_task` settings replaced; a notebook's parameters include the job's."""
    settings = {name: cast("dict[str, object]", _resolved(value, known)) for name, value in _own_settings(task).items()}
    if "notebook_task" in task:
        settings["notebook_task"]["base_parameters"] = task_parameters(task, run, known)
    if "named_parameters" in settings.get("python_wheel_task", {}):  # a list takes none of the job's
        named = cast("dict[str, str]", settings["python_wheel_task"]["named_parameters"])
        settings["python_wheel_task"]["named_parameters"] = named | _of_job(run, known)
    if "sql_task" in task:
        own = cast("dict[str, str]", settings["sql_task"].get("parameters", {}))
        settings["sql_task"]["parameters"] = own | _of_job(run, known)
    if "for_each_task" in task:  # its task is resolved in each iteration
        settings["for_each_task"]["task"] = task["for_each_task"]["task"]
    return cast("TaskRun", {**task, **settings})


def resolved_values(task: TaskRun) -> dict[str, dict[str, object]]:
    """The parameters of a resolved task, by its kind, as `include_resolved_values` shows them."""
    found = {kind: _named(task.get(kind, {}), names) for kind, names in _SHOWN.items()}
    return {kind: values for kind, values in found.items() if values}


def missing_values(task: TaskRun, known: Mapping[str, str]) -> list[str]:
    """The references of a task to what other tasks or the input of its iteration don't have."""
    found = [reference for text in _texts(_own_settings(task)) for reference in references.found_in(text)]
    return [reference for reference in found if reference.startswith(("tasks.", "input.")) and reference not in known]


def _of_job(run: Run, known: Mapping[str, str]) -> dict[str, str]:
    """The job's parameters, which every task with named parameters gets."""
    return {item["name"]: known[f"job.parameters.{item['name']}"] for item in run["job_parameters"]}


def _named(settings: object, names: tuple[str, ...]) -> dict[str, object]:
    return {name: settings[name] for name in names if name in settings} if isinstance(settings, dict) else {}


def _own_settings(task: TaskRun) -> dict[str, object]:
    """The `*_task` settings, without the task of a for_each_task."""
    own: dict[str, object] = {name: value for name, value in task.items() if name.endswith("_task")}
    if "for_each_task" in task:
        own["for_each_task"] = {name: value for name, value in task["for_each_task"].items() if name != "task"}
    return own


def _resolved(value: object, known: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return references.resolved(value, known)
    if isinstance(value, list):
        return [_resolved(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _resolved(item, known) for name, item in value.items()}
    return value


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]
