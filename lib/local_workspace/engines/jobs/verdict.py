"""The result of a run, from those of its tasks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from local_workspace.engines.jobs import run_if

_GOOD = {"SUCCESS", "EXCLUDED", "DISABLED"}  # skipped tasks count as successful


@dataclass(frozen=True)
class Result:
    """How a task ended; `outcome` is a condition's, "true" or "false"."""

    result: str
    message: str = ""
    outcome: str | None = None

    def seen(self, wanted: str | None) -> str:
        """The result for a task that depends on this one and its outcome `wanted`."""
        return "EXCLUDED" if self.result == "SUCCESS" and wanted not in (None, self.outcome) else self.result


def verdict(results: Mapping[str, Result], leaves: Collection[str]) -> tuple[str, str, str]:
    """The run's life cycle state, result and message; `leaves` are the tasks that no other depends on.

    A failed run is INTERNAL_ERROR, as on Databricks.
    """
    failed = {key: result for key, result in results.items() if result.result == "FAILED"}
    message = " ".join(f"Task {key} failed with message: {_sentence(result)}" for key, result in failed.items())
    bad = {results[key].result for key in leaves} - _GOOD
    if bad and bad <= run_if.CANCELED:
        return "TERMINATED", "CANCELED", "A task was canceled."
    if bad == {"TIMEDOUT"}:
        return "TERMINATED", "TIMEDOUT", "A task took longer than its timeout_seconds."
    if bad:
        return "INTERNAL_ERROR", "FAILED", message
    coped = any(result.result in run_if.FAILED for result in results.values())
    return "TERMINATED", "SUCCESS_WITH_FAILURES" if coped else "SUCCESS", message


def _sentence(result: Result) -> str:
    return result.message if result.message.endswith(".") else f"{result.message}."
