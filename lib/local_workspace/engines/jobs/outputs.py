"""The outputs of tasks, and executed notebooks as HTML."""

from pathlib import Path
from typing import cast

from local_workspace.engines.jobs.run_documents import Outcome, Output, OutputMetadata, Run, TaskRun, View
from local_workspace.engines.jobs.states import is_active, result_of
from local_workspace.runtime.errors import ApiError, invalid


def output(run: Run, task: TaskRun, outcome: Outcome, url: str) -> Output:
    """The output of an attempt of `task` in `run` with that outcome; `url` is the run's page."""
    found: Output = {"metadata": _metadata(run, task, url)}
    if is_active(task):
        return found
    if result_of(task) == "FAILED":  # a task that never began has no outcome
        found["error"] = outcome.get("error", task["state"]["state_message"])
        found["error_trace"] = outcome.get("error_trace", "")
    if "result" in outcome:
        found["notebook_output"] = {"result": outcome["result"], "truncated": outcome["truncated"]}
    if "logs" in outcome:
        found["logs"], found["logs_truncated"] = outcome["logs"], outcome.get("logs_truncated", False)
    if "sql" in outcome:
        ran = outcome["sql"]
        found["sql_output"] = {"query_output": ran} if "query" in task["sql_task"] else {"file_output": ran}
    if "triggered_run_id" in task:
        found["run_job_output"] = {"run_id": task["triggered_run_id"]}
    return found


def of_one_task() -> ApiError:
    """The refusal of a job run's id where that of a task's run is needed."""
    return invalid(
        "Retrieving the output of runs with multiple tasks is not supported. "
        "Please retrieve the output of each individual task run instead."
    )


def exported(task: TaskRun, notebook: Path, template: str = "lab") -> list[View]:
    """The executed notebook of `task` as HTML by that template of nbconvert.

    Raises ApiError 400 for another kind of task, or before it has begun.
    """
    if "notebook_task" not in task:
        raise invalid(f"Only notebook runs can be exported in HTML format; {task['task_key']!r} runs no notebook.")
    if not notebook.exists():
        raise invalid(f"Task {task['task_key']!r} has not executed its notebook; export its run once it has begun.")
    name = task["notebook_task"]["notebook_path"].rpartition("/")[2]
    return [{"content": _html(notebook, template), "name": name, "type": "NOTEBOOK"}]


def _html(notebook: Path, template: str) -> str:
    import nbconvert  # half a second, and seldom needed

    # without addresses of scripts: the page needs no network
    exporter = nbconvert.HTMLExporter(  # type: ignore[no-untyped-call]  # it has no types
        mathjax_url="", require_js_url="", jquery_url="", template_name=template
    )
    text, _ = exporter.from_filename(str(notebook))
    return str(text)


def _metadata(run: Run, task: TaskRun, url: str) -> OutputMetadata:
    of_run = {name: run[name] for name in ("job_id", "job_run_id", "run_name", "run_type", "trigger")}
    return cast("OutputMetadata", {**of_run, **task, "run_page_url": url})
