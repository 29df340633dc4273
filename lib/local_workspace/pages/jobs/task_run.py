"""An attempt of a task in a run: what it was given, and what came of it."""

from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.jobs.documents import ForEachStats, Task
from local_workspace.engines.jobs.run_documents import Output, Run, TaskRun
from local_workspace.engines.jobs.states import is_active, shown_state
from local_workspace.pages.jobs.kinds import TaskView, condition, task_view
from local_workspace.pages.jobs.paging import Paged, paged
from local_workspace.pages.jobs.rows import RunRow, lasted, run_link, run_row
from local_workspace.runtime.errors import ApiError

ITERATIONS = 50  # a page
SHOWN = 100_000  # characters of a log or a trace


@dataclass(frozen=True)
class AttemptRow:
    """An attempt, or an iteration with its input: its number from 1, its page and its state."""

    number: int
    link: str
    state: str
    started: int
    duration: int | None
    input: str
    current: bool


@dataclass(frozen=True)
class TaskRunView:
    """An attempt of a task; times in ms since 1970. Texts and links that it doesn't have are empty."""

    run_id: int
    link: str
    run: RunRow
    task: TaskView
    state: str
    message: str
    active: bool
    started: int
    ended: int | None
    duration: int | None
    attempts: list[AttemptRow]
    notebook: str
    error: str
    trace: str
    result: str
    log: str
    log_link: str
    sql: str
    condition: str
    outcome: str
    update: str
    child: RunRow | None
    input: str
    loop: str
    stats: ForEachStats | None
    iterations: Paged[AttemptRow]


def view(engine: JobsEngine, found: Run, page: int) -> TaskRunView:
    """The view of a task's run, with that page of the iterations of a for_each_task."""
    task, output = found["tasks"][0], engine.output(found["run_id"])
    job_id, active, whole = found["job_id"], is_active(task), engine.run(found["job_run_id"])
    ready, link = _resolved(task), run_link(job_id, task["run_id"])
    compared = ready.get("condition_task")
    iterations = found.get("iterations", [])[(page - 1) * ITERATIONS :][: ITERATIONS + 1]
    logs = engine.log(task["run_id"]) if active else output.get("logs", "")
    return TaskRunView(
        run_id=task["run_id"],
        link=link,
        run=run_row(whole),
        task=task_view(ready),
        state=shown_state(task["state"]),
        message=task["state"]["state_message"],
        active=active,
        started=task["start_time"],
        ended=task.get("end_time"),
        duration=lasted(task),
        attempts=_attempts(whole, task),
        notebook=f"{link}/notebook" if "notebook_task" in task and "began_at" in task else "",
        error=output.get("error", ""),
        trace=output.get("error_trace", "")[-SHOWN:],
        result=_result(output)[:SHOWN],
        log=logs[-SHOWN:],
        log_link=f"{link}/log" if not active and len(logs) > SHOWN else "",
        sql=_sql(output),
        condition=condition(compared["left"], compared["op"], compared["right"]) if compared else "",
        outcome=compared.get("outcome", "") if compared else "",
        update=_update(engine, task),
        child=_child(engine, task),
        input=task.get("input", ""),
        loop=run_link(job_id, task["for_each_run_id"]) if "for_each_run_id" in task else "",
        stats=task.get("for_each_task", {}).get("stats"),
        iterations=paged([_row(job_id, each, each["iteration"] + 1) for each in iterations], page, ITERATIONS),
    )


def _resolved(task: TaskRun) -> Task:
    """The task with the values that its references had, once it has begun."""
    fields = cast("dict[str, dict[str, object]]", task)
    values = {kind: {**fields[kind], **own} for kind, own in task.get("resolved_values", {}).items() if kind in fields}
    return cast("Task", {**task, **values})


def _attempts(run: Run, task: TaskRun) -> list[AttemptRow]:
    """All attempts of a task; empty if there is only one, and for an iteration."""
    if "iteration" in task:
        return []
    own = [other for other in run["tasks"] if other["task_key"] == task["task_key"]]
    rows = [_row(run["job_id"], each, each["attempt_number"] + 1, each["run_id"] == task["run_id"]) for each in own]
    return rows if len(rows) > 1 else []


def _row(job_id: int, task: TaskRun, number: int, current: bool = False) -> AttemptRow:
    return AttemptRow(
        number=number,
        link=run_link(job_id, task["run_id"]),
        state=shown_state(task["state"]),
        started=task["start_time"],
        duration=lasted(task),
        input=task.get("input", ""),
        current=current,
    )


def _result(output: Output) -> str:
    return output["notebook_output"]["result"] if "notebook_output" in output else ""


def _sql(output: Output) -> str:
    found = output.get("sql_output", {})
    ran = found.get("query_output") or found.get("file_output")
    return ran["query_text"][:SHOWN] if ran else ""


def _update(engine: JobsEngine, task: TaskRun) -> str:
    """The page of the update that a pipeline's task has made; that of the pipeline while there is none."""
    if "pipeline_task" not in task:
        return ""
    page = f"/pipelines/{quote(task['pipeline_task']['pipeline_id'], safe='')}"
    update = engine.update_of(task["run_id"])
    return f"{page}/updates/{quote(update, safe='')}" if update else page


def _child(engine: JobsEngine, task: TaskRun) -> RunRow | None:
    """The run that a run_job_task has started; None if it has started none, or it is deleted."""
    try:
        return run_row(engine.run(task["triggered_run_id"])) if "triggered_run_id" in task else None
    except ApiError:
        return None
