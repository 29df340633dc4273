"""Conditions, disabled and cancelled tasks, parts of a job, and pages of tasks."""

import pytest
from databricks.sdk.errors import BadRequest

from job_graphs import API, FOREVER, condition, ended, fails, job, loop, results, run, shown, task, task_of, when
from waiting import eventually

FAILURE = "{{tasks.load.result_state}} {{tasks.load.error_code}}"


def test_a_condition_chooses_a_branch_and_excludes_the_other(space):
    found = run(
        space,
        condition("many", "{{job.parameters.rows}}", "GREATER_THAN", "10"),
        task("yes", when("many", "true")),
        task("after_yes", "yes"),
        task("no", when("many", "false")),
        task("after_no", "no"),
        task("join", "after_yes", "after_no", run_if="NONE_FAILED"),
        task("strict", "after_yes", "after_no"),
        parameters=[{"name": "rows", "default": "12.5"}],
    )
    assert found["state"]["result_state"] == "SUCCESS"
    assert task_of(found, "many")["condition_task"]["outcome"] == "true"
    assert results(found) == {
        "many": "SUCCESS",
        "yes": "SUCCESS",
        "after_yes": "SUCCESS",
        "no": "EXCLUDED",
        "after_no": "EXCLUDED",
        "join": "SUCCESS",
        "strict": "EXCLUDED",
    }
    assert task_of(found, "no")["status"]["termination_details"]["code"] == "SKIPPED"


def test_a_condition_that_cannot_be_evaluated_fails(space):
    found = run(space, condition("c", "many", "LESS_THAN", "10"), task("t", when("c", "false")))
    assert results(found) == {"c": "FAILED", "t": "UPSTREAM_FAILED"}
    assert "compares numbers; 'many' is none" in found["state"]["state_message"]


def test_what_failed_is_handled_and_the_run_succeeds_with_failures(space):
    found = run(
        space,
        fails("load"),
        task("clean_up", "load", run_if="AT_LEAST_ONE_FAILED"),
        condition(
            "why",
            "{{tasks.load.result_state}} {{tasks.load.error_code}}",
            "EQUAL_TO",
            "failed RunExecutionError",
            "clean_up",
        ),
        task("done", when("why", "true")),
    )
    assert found["state"]["result_state"] == "SUCCESS_WITH_FAILURES"
    assert results(found)["done"] == "SUCCESS"


def test_a_disabled_task_does_not_run_and_neither_do_those_that_need_it(space):
    found = run(
        space,
        task("off", disabled=True),
        task("needs_it", "off"),
        task("any", "off", run_if="ALL_DONE"),
    )
    assert results(found) == {"off": "DISABLED", "needs_it": "DISABLED", "any": "SUCCESS"}
    assert task_of(found, "off")["status"]["termination_details"]["code"] == "DISABLED"
    assert found["state"]["result_state"] == "SUCCESS"


def test_some_tasks_of_a_job_run_alone_on_request(space):
    job_id = job(space, fails("a"), task("b", "a"), task("c", "b"))
    found = ended(space, space.w.jobs.run_now(job_id, only=["b", "c"]).run_id)
    assert results(found) == {"b": "SUCCESS", "c": "SUCCESS"}
    with pytest.raises(BadRequest, match="has no task d, e"):
        space.w.jobs.run_now(job_id, only=["e", "b", "d"])


def test_a_job_and_a_run_show_a_hundred_tasks_or_iterations_at_a_time(space):
    keys = [f"t{number:03}" for number in range(101)]
    each = condition("each", "{{input}}", "LESS_THAN", "0")
    job_id = job(space, task("loop", **loop(list(range(101)), each)), *(task(key, disabled=True) for key in keys))
    assert [found.task_key for found in space.w.jobs.get(job_id).settings.tasks] == ["loop", *keys]
    first = space.w.api_client.do("GET", f"{API}/get", query={"job_id": job_id})
    assert len(first["settings"]["tasks"]) == 100 and first["has_more"]
    assert first["creator_user_name"] == first["run_as_user_name"] == "you@localhost"
    run_id = space.w.jobs.run_now(job_id).run_id
    found = ended(space, run_id)
    assert len(found["tasks"]) == 100
    rest = shown(space, run_id, page_token=found["next_page_token"])
    assert [left["task_key"] for left in rest["tasks"]] == keys[-2:] and "next_page_token" not in rest
    of_loop = space.w.jobs.get_run(found["tasks"][0]["run_id"])
    assert [iteration.condition_task.outcome for iteration in of_loop.iterations] == ["false"] * 101
    (listed,) = space.w.api_client.do("GET", f"{API}/runs/list", query={"job_id": job_id, "expand_tasks": "true"})[
        "runs"
    ]
    assert len(listed["tasks"]) == 100 and listed["has_more"]


def test_a_task_is_cancelled_by_its_run_id_and_others_go_on(space):
    path = space.upload("/Users/single/nb.ipynb", FOREVER)
    job_id = job(
        space,
        task("waits", notebook_task={"notebook_path": path}),
        task("after", "waits"),
        task("clean_up", "waits", run_if="AT_LEAST_ONE_FAILED"),
    )
    run_id = space.w.jobs.run_now(job_id).run_id
    waits = eventually(
        lambda: shown(space, run_id)["tasks"][0], lambda found: found["state"]["life_cycle_state"] == "RUNNING"
    )
    assert shown(space, run_id)["tasks"][1]["state"]["life_cycle_state"] == "BLOCKED"
    space.w.jobs.cancel_run(waits["run_id"])
    assert results(ended(space, run_id)) == {"waits": "CANCELED", "after": "UPSTREAM_CANCELED", "clean_up": "SUCCESS"}
