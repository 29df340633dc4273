"""The result of a run, from those of its tasks."""

import pytest

from local_workspace.engines.jobs.verdict import Result, verdict


@pytest.mark.parametrize(
    ("results", "leaves", "expected"),
    [
        ({"a": "SUCCESS", "b": "EXCLUDED", "c": "DISABLED"}, "abc", ("TERMINATED", "SUCCESS")),
        ({}, "", ("TERMINATED", "SUCCESS")),
        ({"a": "FAILED", "b": "SUCCESS"}, "b", ("TERMINATED", "SUCCESS_WITH_FAILURES")),
        ({"a": "TIMEDOUT", "b": "SUCCESS"}, "b", ("TERMINATED", "SUCCESS_WITH_FAILURES")),
        ({"a": "FAILED", "b": "UPSTREAM_FAILED"}, "b", ("INTERNAL_ERROR", "FAILED")),
        ({"a": "TIMEDOUT", "b": "SUCCESS"}, "ab", ("TERMINATED", "TIMEDOUT")),
        ({"a": "TIMEDOUT", "b": "FAILED"}, "ab", ("INTERNAL_ERROR", "FAILED")),
        ({"a": "CANCELED", "b": "UPSTREAM_CANCELED"}, "b", ("TERMINATED", "CANCELED")),
        ({"a": "CANCELED", "b": "FAILED"}, "ab", ("INTERNAL_ERROR", "FAILED")),
    ],
)
def test_the_tasks_that_no_other_depends_on_decide(results, leaves, expected):
    assert verdict({key: Result(result) for key, result in results.items()}, leaves)[:2] == expected


def test_the_message_names_each_task_that_failed_and_ends_with_a_full_stop():
    results = {"a": Result("FAILED", "KeyError: 'x'"), "b": Result("FAILED", "It timed out."), "c": Result("SUCCESS")}
    message = verdict(results, ["a"])[2]
    assert message == "Task a failed with message: KeyError: 'x'. Task b failed with message: It timed out."


def test_a_condition_is_seen_as_excluded_by_tasks_that_wait_for_its_other_outcome():
    seen = [Result("SUCCESS", outcome="true").seen(wanted) for wanted in ("true", "false", None)]
    assert seen == ["SUCCESS", "EXCLUDED", "SUCCESS"]
    assert Result("FAILED").seen("true") == "FAILED"
