"""The graph of a job's tasks, plain or in the states of a run."""

from collections.abc import Sequence

from local_workspace.engines.jobs.documents import Task
from local_workspace.engines.jobs.repair import latest_attempts
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import shown_state
from local_workspace.pages.drawing import Drawing, Node, draw
from local_workspace.pages.formats import duration
from local_workspace.pages.jobs.kinds import kind_of
from local_workspace.pages.jobs.rows import lasted, run_link


def of_job(tasks: Sequence[Task]) -> Drawing:
    """The graph of a job's tasks; each leads to its settings on the page."""
    return draw([_node(task, kind_of(task), link=f"#task-{task['task_key']}") for task in tasks])


def of_run(run: Run) -> Drawing:
    """The graph of a run: the last attempt of each task, which leads to its page."""
    return draw([_of_attempt(task, run["job_id"]) for task in latest_attempts(run).values()])


def _of_attempt(task: TaskRun, job_id: int) -> Node:
    took = lasted(task)
    parts = [kind_of(task), *_result(task), *([duration(took)] if took else [])]
    return _node(task, " · ".join(parts), shown_state(task["state"]), run_link(job_id, task["run_id"]))


def _node(task: Task | TaskRun, detail: str, state: str = "", link: str = "") -> Node:
    needs = [needed["task_key"] for needed in task.get("depends_on", [])]
    return Node(task["task_key"], task["task_key"], needs, detail, state, link)


def _result(task: TaskRun) -> list[str]:
    """What a condition has found, or how many iterations have ended."""
    if outcome := task.get("condition_task", {}).get("outcome"):
        return [outcome]
    if stats := task.get("for_each_task", {}).get("stats"):
        counts = stats["task_run_stats"]
        return [f"{counts['completed_iterations']} of {counts['total_iterations']}"]
    return []
