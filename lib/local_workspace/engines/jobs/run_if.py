"""Whether a task runs, given the results of the tasks that it depends on.

See https://docs.databricks.com/aws/en/jobs/run-if and https://docs.databricks.com/aws/en/jobs/disabled-tasks.
"""

from collections.abc import Mapping

CONDITIONS = (
    "ALL_SUCCESS",
    "AT_LEAST_ONE_SUCCESS",
    "NONE_FAILED",
    "ALL_DONE",
    "AT_LEAST_ONE_FAILED",
    "ALL_FAILED",
)
DEFAULT = "ALL_SUCCESS"
FAILED = frozenset(("FAILED", "TIMEDOUT", "UPSTREAM_FAILED"))
CANCELED = frozenset(("CANCELED", "UPSTREAM_CANCELED"))
_WANTING_FAILURE = ("AT_LEAST_ONE_FAILED", "ALL_FAILED")


def obstacle(condition: str, upstream: Mapping[str, str]) -> tuple[str, str] | None:
    """Why a task with the `run_if` condition does not run: its result and a message; None if it runs.

    `upstream` has the result of each task that it depends on. A dependency on the other outcome of a condition task
    counts as EXCLUDED.
    """
    if not upstream:
        return None
    results = set(upstream.values())
    if results == {"EXCLUDED"}:
        return "EXCLUDED", f"Not run, because {_keys(upstream, results)} was excluded."
    if _is_met(condition, list(upstream.values())):
        return None
    if condition in _WANTING_FAILURE:
        return _without_failure(condition, upstream)
    return _without_success(upstream)


def _is_met(condition: str, results: list[str]) -> bool:
    bad = [result in FAILED | CANCELED for result in results]
    return {
        "ALL_SUCCESS": all(result == "SUCCESS" for result in results),
        "AT_LEAST_ONE_SUCCESS": "SUCCESS" in results,
        "NONE_FAILED": not any(bad) and set(results) != {"DISABLED"},
        "ALL_DONE": True,
        "AT_LEAST_ONE_FAILED": any(bad),
        "ALL_FAILED": all(bad),
    }[condition]


def _without_success(upstream: Mapping[str, str]) -> tuple[str, str]:
    found = set(upstream.values())
    if FAILED & found:
        return "UPSTREAM_FAILED", f"Not run, because {_keys(upstream, FAILED)} did not succeed."
    if CANCELED & found:
        return "UPSTREAM_CANCELED", f"Not run, because {_keys(upstream, CANCELED)} was canceled."
    if "DISABLED" in found:
        return "DISABLED", f"Not run, because {_keys(upstream, {'DISABLED'})} is disabled."
    return "EXCLUDED", f"Not run, because {_keys(upstream, {'EXCLUDED'})} was excluded."


def _without_failure(condition: str, upstream: Mapping[str, str]) -> tuple[str, str]:
    if "DISABLED" in upstream.values():
        return "DISABLED", f"Not run, because {_keys(upstream, {'DISABLED'})} is disabled."
    return "EXCLUDED", f"Not run, because its run_if is {condition}, and {_keys(upstream, {'SUCCESS'})} did not fail."


def _keys(upstream: Mapping[str, str], results: frozenset[str] | set[str]) -> str:
    return ", ".join(key for key, result in upstream.items() if result in results) or ", ".join(upstream)
