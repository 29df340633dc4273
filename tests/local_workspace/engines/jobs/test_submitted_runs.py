"""Runs without a job, and what is left of a run: its output and its notebook as HTML."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.jobs import PipelineTask, RunType, SubmitTask, ViewsToExport

from job_graphs import API, condition, ended, fails, loop, results, shown, task
from job_workspace import JobWorkspace, serving


def submit(space: JobWorkspace, *tasks: dict, **more: object) -> int:
    return space.w.api_client.do("POST", f"{API}/runs/submit", body={"tasks": list(tasks), **more})["run_id"]


def test_tasks_run_once_without_a_job(space):
    tasks = [SubmitTask("a", pipeline_task=PipelineTask("COMPLETED"))]
    run = space.w.jobs.submit(run_name="once", tasks=tasks).result()
    assert (run.run_name, run.run_type, run.state.result_state.value) == ("once", RunType.SUBMIT_RUN, "SUCCESS")
    assert list(space.w.jobs.list()) == []
    assert [found.run_id for found in space.w.jobs.list_runs(run_type=RunType.SUBMIT_RUN)] == [run.run_id]
    with pytest.raises(NotFound):
        space.w.jobs.get(run.job_id)


def test_the_same_token_submits_one_run(space):
    first, second = (submit(space, task("a"), idempotency_token="t-1") for _ in range(2))
    assert first == second != submit(space, task("a"), idempotency_token="t-2")


def test_a_submitted_run_survives_a_restart_and_can_be_repaired(tmp_path):
    with serving(tmp_path / "home") as space:
        found = ended(space, submit(space, condition("c", "x", "LESS_THAN", "1"), fails("a")))
    with serving(tmp_path / "home") as space:
        assert shown(space, found["run_id"])["tasks"] == found["tasks"]
        space.w.jobs.repair_run(found["run_id"], rerun_tasks=["c"])
        assert [each["attempt_number"] for each in ended(space, found["run_id"])["tasks"]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "at least one task"),
        ({"tasks": [task("a", "b")]}, "depends on b"),
        ({"tasks": [task("a")], "git_source": {"git_url": "https://example.com/r"}}, "git_source is not supported"),
        ({"tasks": [task("a")], "schedule": {"quartz_cron_expression": "0 0 9 * * ?"}}, "schedule"),
    ],
)
def test_what_cannot_be_submitted_is_refused(space, body, says):
    with pytest.raises(BadRequest, match=says):
        space.w.api_client.do("POST", f"{API}/runs/submit", body=body)


def test_an_executed_notebook_is_exported_as_a_page(space):
    path = space.upload("/Users/export/report.ipynb", "print('total: ' + str(6 * 7))")
    found = ended(space, submit(space, task("t", notebook_task={"notebook_path": path}), fails("u")))
    run_ids = {each["task_key"]: each["run_id"] for each in found["tasks"]}
    (view,) = space.w.jobs.export_run(run_ids["t"]).views
    assert (view.name, view.type.value) == ("report.ipynb", "NOTEBOOK")
    assert "total: 42" in view.content and view.content.lstrip().startswith("<!DOCTYPE html>")
    assert 'src="http' not in view.content
    assert not space.w.jobs.export_run(run_ids["t"], views_to_export=ViewsToExport.DASHBOARDS).views
    with pytest.raises(BadRequest, match="Only notebook runs can be exported"):
        space.w.jobs.export_run(run_ids["u"])
    with pytest.raises(BadRequest, match="individual task run"):
        space.w.jobs.export_run(found["run_id"])


def test_a_task_that_fails_before_it_begins_says_why_in_its_output(space):
    found = ended(space, submit(space, task("each", **loop([1], condition("c", "{{input}}", "LESS_THAN", "x")))))
    assert results(found) == {"each": "FAILED"}
    assert "1 of 1 iterations failed" in space.w.jobs.get_run_output(found["tasks"][0]["run_id"]).error
    (iteration,) = shown(space, found["tasks"][0]["run_id"])["iterations"]
    assert "compares numbers" in space.w.jobs.get_run_output(iteration["run_id"]).error
