"""The states of all services as the pages show them: a word, and the colour of its dot."""

from typing import Literal

Kind = Literal["good", "busy", "bad", "warn", "idle"]

_KINDS: dict[Kind, tuple[str, ...]] = {
    "good": ("SUCCESS", "SUCCEEDED", "COMPLETED", "FINISHED", "READY", "ACTIVE", "ONLINE", "AVAILABLE", "HEALTHY"),
    "busy": (
        *("RUNNING", "PENDING", "QUEUED", "BLOCKED", "TERMINATING", "WAITING_FOR_RETRY", "WAITING", "CREATED"),
        *("WAITING_FOR_RESOURCES", "INITIALIZING", "RESETTING", "SETTING_UP_TABLES", "STARTING", "STOPPING"),
        *("IN_PROGRESS", "UPDATING", "DEPLOYING", "DELETING", "RETRYING", "PROVISIONING"),
    ),
    "bad": (
        *("FAILED", "TIMEDOUT", "TIMED_OUT", "INTERNAL_ERROR", "UPSTREAM_FAILED", "ERROR", "CRASHED", "UNAVAILABLE"),
        *("UPDATE_FAILED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "UNHEALTHY", "DEPLOYMENT_FAILED"),
    ),
    "warn": ("CANCELED", "CANCELLED", "UPSTREAM_CANCELED", "SUCCESS_WITH_FAILURES", "CANCELING", "DEGRADED", "PAUSED"),
}
_KIND: dict[str, Kind] = {state: kind for kind, states in _KINDS.items() for state in states}
_WORDS = {
    "SUCCESS": "Succeeded",
    "TIMEDOUT": "Timed out",
    "SUCCESS_WITH_FAILURES": "Succeeded with failures",
    "NOT_READY": "Not ready",
    "CANCELLED": "Canceled",
}


def kind(state: str) -> Kind:
    """The kind of a state: good, busy, bad, warn, or idle for any other."""
    return _KIND.get(str(state).upper(), "idle")


def word(state: str) -> str:
    """A state in words: UPSTREAM_FAILED is Upstream failed."""
    return _WORDS.get(str(state).upper(), str(state).replace("_", " ").capitalize())
