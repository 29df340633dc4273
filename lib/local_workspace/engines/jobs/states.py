"""The states of runs and tasks, in the older `state` and the newer `status` form that the SDK reads."""

from local_workspace.engines.jobs.run_documents import Progress, Run, State, Status
from local_workspace.runtime.timestamps import now_ms

ACTIVE = ("QUEUED", "PENDING", "BLOCKED", "RUNNING", "TERMINATING")
_OWN_LIMIT = "MAX_CONCURRENT_RUNS_REACHED"
_CODES = {
    "SUCCESS": ("SUCCESS", "SUCCESS"),
    "FAILED": ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    "SUCCESS_WITH_FAILURES": ("SUCCESS_WITH_FAILURES", "SUCCESS"),
    "CANCELED": ("USER_CANCELED", "SUCCESS"),
    "TIMEDOUT": ("CANCELED", "CLIENT_ERROR"),
    "UPSTREAM_FAILED": ("SKIPPED", "CLIENT_ERROR"),
    "UPSTREAM_CANCELED": ("SKIPPED", "CLIENT_ERROR"),
    "EXCLUDED": ("SKIPPED", "SUCCESS"),
    "DISABLED": ("DISABLED", "SUCCESS"),
    "MAXIMUM_CONCURRENT_RUNS_REACHED": ("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
    "": ("INTERNAL_ERROR", "INTERNAL_ERROR"),
}


def set_state(doc: Progress, life_cycle: str, result: str = "", message: str = "") -> None:
    """Set `state` and `status` of a run or task.

    `result` is how it has ended, or why it is queued: a code of `QueueDetails`, by default the job's own limit.
    """
    doc["state"], doc["status"] = state(life_cycle, result, message), status(life_cycle, result, message)


def end(doc: Progress, life_cycle: str, result: str = "", message: str = "") -> None:
    """End a run or task now: set its states, end time and durations (ms). A clock may have been set back meanwhile."""
    set_state(doc, life_cycle, result, message)
    doc["end_time"] = max(now_ms(), doc["start_time"], doc.get("began_at", 0))
    doc["execution_duration"] = doc["end_time"] - (doc.get("began_at") or doc["end_time"])
    doc["run_duration"] = doc["end_time"] - doc["start_time"]


def end_with_tasks(run: Run, life_cycle: str, result: str, message: str) -> None:
    """End a run with all its tasks that have not ended."""
    for task in run["tasks"]:
        if is_active(task):
            task["start_time"] = task["start_time"] or now_ms()
            end(task, life_cycle, result, message)
    end(run, life_cycle, result, message)


def is_active(doc: Progress) -> bool:
    """Whether a run or task has not ended."""
    return doc["state"]["life_cycle_state"] in ACTIVE


def state(life_cycle: str, result: str = "", message: str = "") -> State:
    """The state in its older form."""
    fields: State = {
        "life_cycle_state": life_cycle,
        "state_message": message,
        "user_cancelled_or_timedout": result in ("CANCELED", "TIMEDOUT"),
    }
    if result and life_cycle not in ACTIVE:
        fields["result_state"] = result
    return fields


def status(life_cycle: str, result: str = "", message: str = "") -> Status:
    """The state in its newer form."""
    if life_cycle == "QUEUED":
        return {"state": life_cycle, "queue_details": {"code": result or _OWN_LIMIT, "message": message}}
    if life_cycle in ACTIVE:
        return {"state": life_cycle}
    code, kind = _CODES[result]
    return {"state": "TERMINATED", "termination_details": {"code": code, "type": kind, "message": message}}


def shown_state(state: State) -> str:
    """The result of a run or task that has ended with one, else its life cycle state."""
    return state.get("result_state") or state["life_cycle_state"]


def result_of(doc: Progress) -> str:
    """The result of a run or task that has ended; empty if it was interrupted."""
    return doc["state"].get("result_state", "")
