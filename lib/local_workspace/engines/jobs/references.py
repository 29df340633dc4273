"""References such as `{{job.run_id}}` in the parameters of tasks.

See https://docs.databricks.com/aws/en/jobs/dynamic-value-references.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from local_workspace.engines.jobs.run_documents import Run, TaskRun

_REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_TRIGGERS = {"ONE_TIME": "onetime", "PERIODIC": "periodic"}
_MOMENT = {
    "iso_date": "%Y-%m-%d",
    "iso_datetime": "%Y-%m-%dT%H:%M:%S",
    "iso_weekday": "%u",
    "year": "%Y",
    "month": "%-m",
    "day": "%-d",
    "hour": "%-H",
    "minute": "%-M",
    "second": "%-S",
}
KNOWN = frozenset(
    (
        "job.id",
        "job.name",
        "job.run_id",
        "job.repair_count",
        "job.trigger.type",
        "job.start_time.timestamp_ms",
        "job.start_time.is_weekday",
        "task.name",
        "task.run_id",
        "task.execution_count",
        *(f"job.start_time.{name}" for name in _MOMENT),
    )
)


_FORMER = ("job_id", "run_id", "parent_run_id", "task_key", "task_retry_count", "start_date", "start_time")


def found_in(text: str) -> list[str]:
    """The references in a text, without their braces."""
    return _REFERENCE.findall(text)


def problem(reference: str, parameters: set[str]) -> str | None:
    """A sentence on what is wrong with a reference in a job with these parameters; None if it is valid."""
    prefix, _, name = reference.partition("job.parameters.")
    if not prefix and name:
        return None if name in parameters else f"the job defines no parameter {name!r}."
    if reference in KNOWN or reference in _FORMER:
        return None
    return (
        f"a local workspace does not know {{{{{reference}}}}}; it knows {', '.join(sorted(KNOWN))} and job.parameters."
    )


def values(task: TaskRun, run: Run) -> dict[str, str]:
    """The value of each known reference in a task of a run. Times are in UTC."""
    moment = datetime.fromtimestamp(run["start_time"] / 1000, UTC)
    known = {
        # an older spelling, which Databricks also accepts
        "job_id": str(run["job_id"]),
        "run_id": str(task["run_id"]),
        "parent_run_id": str(run["run_id"]),
        "task_key": task["task_key"],
        "task_retry_count": str(task["attempt_number"]),
        "start_date": moment.strftime("%Y-%m-%d"),
        "start_time": str(run["start_time"]),
        "job.id": str(run["job_id"]),
        "job.run_id": str(run["run_id"]),
        "job.name": run["run_name"],
        "job.repair_count": "0",
        "job.trigger.type": _TRIGGERS[run["trigger"]],
        "job.start_time.timestamp_ms": str(run["start_time"]),
        "job.start_time.is_weekday": str(moment.isoweekday() < 6).lower(),
        "task.name": task["task_key"],
        "task.run_id": str(task["run_id"]),
        "task.execution_count": str(task["attempt_number"] + 1),
        **{f"job.start_time.{name}": moment.strftime(form) for name, form in _MOMENT.items()},
    }
    of_job = {f"job.parameters.{item['name']}": resolved(item["value"], known) for item in run["job_parameters"]}
    return known | of_job


def resolved(text: str, known: Mapping[str, str]) -> str:
    """`text` with each `{{name}}` of `known` replaced; other references stay as they are."""
    return _REFERENCE.sub(lambda match: known.get(match[1], match[0]), text)
