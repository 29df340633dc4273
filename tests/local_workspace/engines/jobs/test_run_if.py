"""Whether a task runs after tasks with these results, for every condition."""

import pytest

from local_workspace.engines.jobs.run_if import CONDITIONS, obstacle

RUNS = "runs"
# The results of two upstream tasks, and what becomes of a task with each condition.
TABLE = {
    #                          ALL_SUCCESS         ONE_SUCCESS        NONE_FAILED         DONE  ONE_FAILED  ALL_FAILED
    ("SUCCESS", "SUCCESS"): (RUNS, RUNS, RUNS, RUNS, "EXCLUDED", "EXCLUDED"),
    ("SUCCESS", "FAILED"): ("UPSTREAM_FAILED", RUNS, "UPSTREAM_FAILED", RUNS, RUNS, "EXCLUDED"),
    ("FAILED", "TIMEDOUT"): ("UPSTREAM_FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", RUNS, RUNS, RUNS),
    ("SUCCESS", "CANCELED"): ("UPSTREAM_CANCELED", RUNS, "UPSTREAM_CANCELED", RUNS, RUNS, "EXCLUDED"),
    ("FAILED", "UPSTREAM_CANCELED"): ("UPSTREAM_FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", RUNS, RUNS, RUNS),
    ("SUCCESS", "EXCLUDED"): ("EXCLUDED", RUNS, RUNS, RUNS, "EXCLUDED", "EXCLUDED"),
    ("FAILED", "EXCLUDED"): ("UPSTREAM_FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", RUNS, RUNS, "EXCLUDED"),
    ("EXCLUDED", "EXCLUDED"): ("EXCLUDED",) * 6,
    ("SUCCESS", "DISABLED"): ("DISABLED", RUNS, RUNS, RUNS, "DISABLED", "DISABLED"),
    ("FAILED", "DISABLED"): ("UPSTREAM_FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", RUNS, RUNS, "DISABLED"),
    ("EXCLUDED", "DISABLED"): ("DISABLED", "DISABLED", RUNS, RUNS, "DISABLED", "DISABLED"),
    ("DISABLED", "DISABLED"): ("DISABLED", "DISABLED", "DISABLED", RUNS, "DISABLED", "DISABLED"),
}


@pytest.mark.parametrize(("first", "second"), TABLE)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_task_runs_or_has_the_result_that_databricks_gives_it(condition, first, second):
    expected = TABLE[first, second][CONDITIONS.index(condition)]
    for upstream in ({"a": first, "b": second}, {"a": second, "b": first}):
        found = obstacle(condition, upstream)
        assert (found[0] if found else RUNS) == expected


def test_a_task_without_dependencies_runs():
    assert [obstacle(condition, {}) for condition in CONDITIONS] == [None] * len(CONDITIONS)


def test_the_message_names_the_tasks_that_are_the_reason():
    _, message = obstacle("ALL_SUCCESS", {"load": "SUCCESS", "check": "FAILED", "report": "TIMEDOUT"})
    assert message == "Not run, because check, report did not succeed."
