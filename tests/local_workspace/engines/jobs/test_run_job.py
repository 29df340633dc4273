"""Run_job_tasks: the parameters, results and limits of the jobs that they run."""

import pytest
from databricks.sdk.errors import BadRequest

from job_graphs import API, FOREVER, condition, ended, fails, job, results, run, shown, task, when
from waiting import eventually


def test_another_job_is_run_with_parameters_and_its_result_is_the_tasks(space):
    child = job(
        space,
        condition("c", "{{job.parameters.day}} {{job.trigger.type}}", "EQUAL_TO", "70 run_job"),
        fails("unlucky", when("c", "false")),
        parameters=[{"name": "day", "default": "1"}],
    )
    calls = {"job_id": child, "job_parameters": {"day": "{{job.parameters.d}}"}}
    found = run(space, task("call", run_job_task=calls), parameters=[{"name": "d", "default": "70"}])
    assert results(found) == {"call": "SUCCESS"}
    output = space.w.jobs.get_run_output(found["tasks"][0]["run_id"])
    triggered = shown(space, output.run_job_output.run_id)
    assert triggered["trigger"] == "RUN_JOB_TASK"
    assert triggered["trigger_info"] == {"run_id": found["tasks"][0]["run_id"]}
    assert triggered["job_parameters"][0]["value"] == "70"
    failed = run(space, task("call", run_job_task={"job_id": child}))
    assert results(failed) == {"call": "FAILED"}
    assert f"of job {child} ended FAILED: Task unlucky failed" in failed["state"]["state_message"]


def test_the_parameters_of_a_job_are_passed_to_the_jobs_that_it_runs(space):
    child = job(
        space,
        condition("c", "{{ job.parameters.[input] }}", "EQUAL_TO", "{{job.parameters.`wanted`}}"),
        parameters=[{"name": "input", "default": ""}, {"name": "wanted", "default": "of the task"}],
    )
    calls = {"job_id": child, "job_parameters": {"input": "of the task", "wanted": "Replay"}}
    passed = [{"name": "input", "default": "{{job.name}}"}, {"name": "other", "default": "x"}]
    found = run(space, task("call", run_job_task=calls), name="Replay", parameters=passed)
    called = shown(space, space.w.jobs.get_run_output(found["tasks"][0]["run_id"]).run_job_output.run_id)
    assert [item["value"] for item in called["job_parameters"]] == ["Replay", "Replay"]
    assert called["tasks"][0]["condition_task"]["outcome"] == "true"


def test_a_job_that_is_missing_or_lacks_a_parameter_fails_the_task(space):
    found = run(space, task("call", run_job_task={"job_id": 1}))
    assert "Job 1 does not exist" in found["state"]["state_message"]
    child = job(space, task("t"))
    found = run(space, task("call", run_job_task={"job_id": child, "job_parameters": {"x": "1"}}))
    assert "has no parameter x" in found["state"]["state_message"]


def test_jobs_that_would_run_each_other_are_refused(space):
    first = job(space, task("t"))
    second = job(space, task("t", run_job_task={"job_id": first}))
    for called in (first, second):
        body = {"job_id": first, "new_settings": {"tasks": [task("t", run_job_task={"job_id": called})]}}
        with pytest.raises(BadRequest, match="would start itself"):
            space.w.api_client.do("POST", f"{API}/update", body=body)


def test_no_more_than_three_jobs_are_run_inside_each_other(space):
    jobs = [job(space, task("t"))]
    for _ in range(4):
        jobs.append(job(space, task("t", run_job_task={"job_id": jobs[-1]})))
    assert ended(space, space.w.jobs.run_now(jobs[3]).run_id)["state"]["result_state"] == "SUCCESS"
    found = ended(space, space.w.jobs.run_now(jobs[4]).run_id)
    assert "more than 3 run_job_tasks inside each other" in found["state"]["state_message"]


def test_cancelling_a_run_cancels_the_job_that_its_task_runs(space):
    path = space.upload("/Users/forever/nb.ipynb", FOREVER)
    child = job(space, task("waits", notebook_task={"notebook_path": path}))
    parent = space.w.jobs.run_now(job(space, task("call", run_job_task={"job_id": child}))).run_id
    called = eventually(lambda: list(space.w.jobs.list_runs(job_id=child, active_only=True)))[0].run_id
    space.w.jobs.cancel_run(parent)
    assert ended(space, parent)["state"]["result_state"] == "CANCELED"
    assert shown(space, called)["state"]["result_state"] == "CANCELED"
