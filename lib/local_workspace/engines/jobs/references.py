"""The values of references such as `{{job.run_id}}` in the settings of tasks.

See https://docs.databricks.com/aws/en/jobs/dynamic-value-references.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import is_active

MOMENTS = {
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
_REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_TRIGGERS = {
    "ONE_TIME": "onetime",
    "PERIODIC": "periodic",
    "RUN_JOB_TASK": "run_job",
    "FILE_ARRIVAL": "file_arrival",
    "TABLE": "table",
}
_AROUND_NAMES = str.maketrans("", "", "`[]")
MINUTE_MS = 60_000

TaskValues = Callable[[str], Mapping[str, object]]
"""Returns the values that a task of the run has left, by their key."""


def found_in(text: str) -> list[str]:
    """The references in a text, without their braces and the backticks or brackets around names."""
    return [_plain(reference) for reference in _REFERENCE.findall(text)]


def resolved(text: str, known: Mapping[str, str]) -> str:
    """`text` with each `{{name}}` of `known` replaced; other references stay as they are."""
    return _REFERENCE.sub(lambda match: known.get(_plain(match[1]), match[0]), text)


def values(task: TaskRun, run: Run, task_values: TaskValues = lambda _: {}) -> dict[str, str]:
    """The value of each known reference in a task of a run. Times are in UTC."""
    known = {**_former(task, run), **_of_run(run), **_of_task(task), **run.get("trigger_values", {})}
    parameters = {f"job.parameters.{item['name']}": resolved(item["value"], known) for item in run["job_parameters"]}
    for other in run.get("tasks", []):  # a later attempt replaces an earlier one
        known |= _of_other(other)
    for key in {other["task_key"] for other in run.get("tasks", [])}:
        known |= {f"tasks.{key}.values.{name}": as_text(value) for name, value in task_values(key).items()}
    if "input" in task:
        known |= _flat("input", json.loads(task["input"]))
    return known | parameters


def as_text(value: object) -> str:
    """A JSON value as references show it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _plain(reference: str) -> str:
    """A reference in which no name is in backticks, or in brackets as in `job.parameters.[day]`."""
    return reference.translate(_AROUND_NAMES)


def _former(task: TaskRun, run: Run) -> dict[str, str]:
    """The values of an older spelling, which Databricks accepts."""
    return {
        "job_id": str(run["job_id"]),
        "run_id": str(task["run_id"]),
        "parent_run_id": str(run["run_id"]),
        "task_key": task["task_key"],
        "task_retry_count": str(task["attempt_number"]),
        "start_date": _moment(run["start_time"]).strftime("%Y-%m-%d"),
        "start_time": str(run["start_time"]),
    }


def _of_run(run: Run) -> dict[str, str]:
    start = run["start_time"]
    # rounded down to the minute for a cron schedule
    triggered = start - start % MINUTE_MS if "schedule" in run else start
    return {
        "job.id": str(run["job_id"]),
        "job.run_id": str(run["run_id"]),
        "job.name": run["run_name"],
        "job.repair_count": str(max(0, len(run.get("repair_history", [])) - 1)),
        "job.trigger.type": _TRIGGERS[run["trigger"]],
        **_of_time("job.start_time", start),
        **_of_time("job.trigger.time", triggered),
    }


def _of_time(name: str, milliseconds: int) -> dict[str, str]:
    moment = _moment(milliseconds)
    return {
        f"{name}.timestamp_ms": str(milliseconds),
        f"{name}.is_weekday": str(moment.isoweekday() < 6).lower(),
        **{f"{name}.{part}": moment.strftime(form) for part, form in MOMENTS.items()},
    }


def _of_task(task: TaskRun) -> dict[str, str]:
    path = task.get("notebook_task", {}).get("notebook_path")
    return {
        "task.name": task["task_key"],
        "task.run_id": str(task["run_id"]),
        "task.execution_count": str(task["attempt_number"] + 1),
        **({"task.notebook_path": str(path)} if path else {}),
    }


def _of_other(task: TaskRun) -> dict[str, str]:
    """What can be known of another task of the run: its result only once it has ended."""
    own = {name.replace("task.", "", 1): value for name, value in _of_task(task).items() if name != "task.name"}
    if "state" in task and not is_active(task):
        own["result_state"] = task["state"].get("result_state", "").lower()
        own["error_code"] = _error_code(task)
    return {f"tasks.{task['task_key']}.{name}": value for name, value in own.items()}


def _error_code(task: TaskRun) -> str:
    """The code of a task's error in Databricks' spelling, such as RunExecutionError; empty without an error."""
    details = task["status"].get("termination_details")
    if details is None or details["type"] == "SUCCESS":
        return ""
    return "".join(word.capitalize() for word in details["code"].split("_"))


def _flat(name: str, value: object) -> dict[str, str]:
    """`{{input}}`, and `{{input.key}}` for each key of an object."""
    found = {name: as_text(value)}
    for key, item in value.items() if isinstance(value, dict) else ():
        found |= _flat(f"{name}.{key}", item)
    return found


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
