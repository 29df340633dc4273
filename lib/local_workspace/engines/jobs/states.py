"""The states of runs and tasks, in the older `state` and the newer `status` form that the SDK reads."""

from local_workspace.runtime.store import Document
from local_workspace.runtime.timestamps import now_ms

ACTIVE = ("QUEUED", "PENDING", "RUNNING", "TERMINATING")
_CODES = {
    "SUCCESS": ("SUCCESS", "SUCCESS"),
    "FAILED": ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    "SUCCESS_WITH_FAILURES": ("SUCCESS_WITH_FAILURES", "SUCCESS"),
    "CANCELED": ("USER_CANCELED", "SUCCESS"),
    "TIMEDOUT": ("CANCELED", "CLIENT_ERROR"),
    "UPSTREAM_FAILED": ("SKIPPED", "CLIENT_ERROR"),
    "UPSTREAM_CANCELED": ("SKIPPED", "CLIENT_ERROR"),
    "MAXIMUM_CONCURRENT_RUNS_REACHED": ("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
    "": ("INTERNAL_ERROR", "INTERNAL_ERROR"),
}


def state(life_cycle: str, result: str = "", message: str = "") -> Document:
    """The fields `state` and `status` of a run or task; `result` only once it has ended."""
    fields = {
        "life_cycle_state": life_cycle,
        "state_message": message,
        "user_cancelled_or_timedout": result in ("CANCELED", "TIMEDOUT"),
    }
    if life_cycle in ACTIVE:
        return {"state": fields, "status": {"state": life_cycle, **_queue(life_cycle, message)}}
    code, kind = _CODES[result]
    status = {"state": "TERMINATED", "termination_details": {"code": code, "type": kind, "message": message}}
    return {"state": fields | ({"result_state": result} if result else {}), "status": status}


def ended(doc: Document, life_cycle: str, result: str = "", message: str = "") -> Document:
    """The changes that end a run or task now: its states, end time and durations (ms)."""
    end = now_ms()
    begun = doc.get("began_at") or end
    return state(life_cycle, result, message) | {
        "end_time": end,
        "execution_duration": end - begun,
        "run_duration": end - doc["start_time"],
    }


def is_active(doc: Document) -> bool:
    """Whether a run or task has not ended."""
    return doc["state"]["life_cycle_state"] in ACTIVE


def result(doc: Document) -> str:
    """The result of a run or task that has ended; empty before that."""
    return str(doc["state"].get("result_state", ""))


def _queue(life_cycle: str, message: str) -> Document:
    if life_cycle != "QUEUED":
        return {}
    return {"queue_details": {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": message}}
