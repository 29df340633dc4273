"""What a task does, in words: its type, its settings and its parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from local_workspace.engines.jobs.documents import Task

_KINDS = {
    "notebook_task": "Notebook",
    "pipeline_task": "Pipeline",
    "spark_python_task": "Python script",
    "python_wheel_task": "Python wheel",
    "sql_task": "SQL",
    "condition_task": "If/else condition",
    "for_each_task": "For each",
    "run_job_task": "Run Job",
}
_OPERATORS = {
    "EQUAL_TO": "==",
    "NOT_EQUAL": "!=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
}


@dataclass(frozen=True)
class Fact:
    """A name and a value, which may lead to a page."""

    name: str
    value: str
    link: str = ""


@dataclass(frozen=True)
class TaskView:
    """A task of a job: its key, its type, what it does, its parameters, and when it runs."""

    key: str
    kind: str
    facts: list[Fact]
    parameters: list[Fact]
    nested: "TaskView | None"


def task_view(task: Task) -> TaskView:
    """The view of a task; `nested` is the one that a for_each_task repeats."""
    loop = task.get("for_each_task")
    return TaskView(
        key=task["task_key"],
        kind=kind_of(task),
        facts=[*_does(task), *_when(task)],
        parameters=parameters_of(task),
        nested=task_view(loop["task"]) if loop else None,
    )


def kind_of(task: Task) -> str:
    """The type of a task, as Databricks calls it."""
    return next((kind for field, kind in _KINDS.items() if field in task), "Task")


def parameters_of(task: Task) -> list[Fact]:
    """The parameters in a task's settings; those of a command line are numbered."""
    settings: Mapping[str, object] = {}
    for field in _KINDS:
        settings = cast("Mapping[str, Mapping[str, object]]", task).get(field, settings)
    found: list[Fact] = []
    for name in ("parameters", "base_parameters", "named_parameters", "job_parameters", "notebook_params"):
        given = settings.get(name, {})
        pairs = given.items() if isinstance(given, dict) else enumerate(cast("list[str]", given), 1)
        found += [Fact(str(each), str(value)) for each, value in pairs]
    return found


def condition(left: str, op: str, right: str) -> str:
    """A comparison of two texts as it is written."""
    return f"{left or '""'} {_OPERATORS.get(op, op)} {right or '""'}"


def _does(task: Task) -> Iterator[Fact]:
    if notebook := task.get("notebook_task"):
        yield Fact("Path", notebook["notebook_path"])
        if "warehouse_id" in notebook:
            yield _warehouse(notebook["warehouse_id"])
    if pipeline := task.get("pipeline_task"):
        yield Fact("Pipeline", pipeline["pipeline_id"], f"/pipelines/{quote(pipeline['pipeline_id'], safe='')}")
        if pipeline.get("full_refresh"):
            yield Fact("Full refresh", "Yes")
    if script := task.get("spark_python_task"):
        yield Fact("Path", script["python_file"])
    if wheel := task.get("python_wheel_task"):
        yield Fact("Package", wheel["package_name"])
        yield Fact("Entry point", wheel["entry_point"])
    yield from _sql(task)
    if compared := task.get("condition_task"):
        yield Fact("Condition", condition(compared["left"], compared["op"], compared["right"]))
    if loop := task.get("for_each_task"):
        yield Fact("Inputs", loop["inputs"])
        yield Fact("Concurrency", str(loop.get("concurrency", 1)))
    if other := task.get("run_job_task"):
        yield Fact("Job", str(other["job_id"]), f"/jobs/{other['job_id']}")


def _sql(task: Task) -> Iterator[Fact]:
    if sql := task.get("sql_task"):
        if "file" in sql:
            yield Fact("SQL file", sql["file"]["path"])
        if "query" in sql:
            yield Fact("Query", sql["query"]["query_id"])
        yield _warehouse(sql["warehouse_id"])


def _warehouse(warehouse_id: str) -> Fact:
    return Fact("SQL warehouse", warehouse_id, f"/sql/warehouses/{quote(warehouse_id, safe='')}")


def _when(task: Task) -> Iterator[Fact]:
    if needed := task.get("depends_on"):
        yield Fact("Depends on", ", ".join(_needed(each["task_key"], each.get("outcome")) for each in needed))
    if task.get("run_if", "ALL_SUCCESS") != "ALL_SUCCESS":
        yield Fact("Run if", task["run_if"].replace("_", " ").capitalize())
    if retries := task.get("max_retries"):
        yield Fact("Retries", "Unlimited" if retries < 0 else str(retries))
    if seconds := task.get("timeout_seconds"):
        yield Fact("Timeout", f"{seconds} s")
    if "environment_key" in task:
        yield Fact("Environment", task["environment_key"])
    if task.get("disabled"):
        yield Fact("Disabled", "Yes")


def _needed(key: str, outcome: str | None) -> str:
    return f"{key} ({outcome})" if outcome else key
