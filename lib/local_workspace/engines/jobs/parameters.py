"""The parameters of a run and of its tasks."""

from local_workspace.engines.jobs import references
from local_workspace.engines.jobs.documents import Settings
from local_workspace.engines.jobs.run_documents import Run, RunParameter, TaskRun
from local_workspace.runtime.errors import invalid


def job_parameters(settings: Settings, overrides: dict[str, str]) -> list[RunParameter]:
    """The run's job parameters as {name, default, value}. Raises 400 for an override the job doesn't define."""
    defaults = {item["name"]: item["default"] for item in settings.get("parameters", [])}
    unknown = sorted(overrides.keys() - defaults.keys())
    if unknown:
        raise invalid(
            f"The job {settings['name']!r} has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(sorted(defaults)) or 'none'}."
        )
    return [
        {"name": name, "default": default, "value": overrides.get(name, default)} for name, default in defaults.items()
    ]


def task_parameters(task: TaskRun, run: Run) -> dict[str, str]:
    """The parameters of a notebook task: its own with references resolved, overridden by the job's."""
    own = {**task["notebook_task"].get("base_parameters", {}), **run["overriding_parameters"]}
    values = references.values(task, run)
    job = {item["name"]: values[f"job.parameters.{item['name']}"] for item in run["job_parameters"]}
    return {name: references.resolved(str(text), values) for name, text in own.items()} | job
