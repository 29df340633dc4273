"""What the pages of jobs do, without a browser."""

import pytest

import job_graphs as graphs


@pytest.fixture(scope="module")
def job(space):
    clock = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}
    return graphs.job(
        space,
        graphs.fails("a"),
        graphs.task("b", "a"),
        graphs.task("c"),
        parameters=[{"name": "mode", "default": "new"}],
        schedule=clock,
    )


def test_run_now_starts_a_run_with_the_form_s_values(space, client, job):
    answer = client.post(f"/jobs/{job}/run-now", data={"job_name": ["mode"], "job_value": ["full & <b>"]})
    assert answer.status_code == 303
    run = graphs.ended(space, int(answer.headers["location"].rpartition("/")[2]))
    assert run["job_parameters"] == [{"name": "mode", "default": "new", "value": "full & <b>"}]


def test_run_now_takes_defaults_without_a_form(space, client, job):
    answer = client.post(f"/jobs/{job}/run-now")
    run = graphs.ended(space, int(answer.headers["location"].rpartition("/")[2]))
    assert run["job_parameters"][0]["value"] == "new"


def test_only_changed_widgets_are_for_all_notebooks(space, client):
    task = graphs.task("n", notebook_task={"notebook_path": "/Workspace/none", "base_parameters": {"x": "1", "y": "2"}})
    job_id = graphs.job(space, task)
    assert 'value="1"' in client.get(f"/jobs/{job_id}/run-now").text
    fields = {"notebook_name": ["x", "y", ""], "notebook_value": ["1", "3", ""]}
    location = client.post(f"/jobs/{job_id}/run-now", data=fields).headers["location"]
    run_id = int(location.rpartition("/")[2])
    space.end_of(run_id)
    assert space.jobs.run(run_id)["overriding_parameters"] == {"y": "3"}


def test_a_refused_run_shows_the_form_with_the_reason(client, job):
    answer = client.post(f"/jobs/{job}/run-now", data={"job_name": ["colour"], "job_value": ["red"]})
    assert answer.status_code == 400 and "has no parameter colour" in answer.text and "<form" in answer.text


def test_repair_offers_what_failed_and_runs_what_is_chosen(space, client, job):
    run = graphs.ended(space, space.w.jobs.run_now(job).run_id)
    path = f"/jobs/{job}/runs/{run['run_id']}"
    form = client.get(f"{path}/repair").text
    assert [f'value="{key}" checked' in form for key in "abc"] == [True, True, False]
    refused = client.post(f"{path}/repair")
    assert refused.status_code == 400 and "Choose at least one task to run again." in refused.text
    assert client.post(f"{path}/repair", data={"task": ["c"]}).headers["location"] == path
    space.end_of(run["run_id"])
    fields = {"task": ["a"], "dependent": "true", "job_name": ["mode"], "job_value": ["full"]}
    assert client.post(f"{path}/repair", data=fields).status_code == 303
    again = graphs.ended(space, run["run_id"])
    attempts = [(task["task_key"], task["attempt_number"]) for task in again["tasks"]]
    assert attempts == [("a", 0), ("b", 0), ("c", 0), ("c", 1), ("a", 1), ("b", 1)]
    assert again["job_parameters"][0]["value"] == "full"
    assert "Repair 2" in client.get(path).text


def test_a_schedule_is_paused_and_resumed(space, client, job):
    for status, offer in (("PAUSED", "Resume"), ("UNPAUSED", "Pause")):
        assert client.post(f"/jobs/{job}/schedule", data={"pause_status": status}).status_code == 303
        schedule = space.w.jobs.get(job).settings.schedule
        assert (schedule.pause_status.value, schedule.timezone_id) == (status, "UTC")
        assert f">{offer}</button>" in client.get(f"/jobs/{job}").text
    assert client.post(f"/jobs/{job}/schedule", data={"pause_status": "ASLEEP"}).status_code == 400


def test_a_run_is_cancelled(space, client):
    job_id = graphs.job(space, graphs.task("held", pipeline_task={"pipeline_id": "HELD"}))
    run_id = space.w.jobs.run_now(job_id).run_id
    assert client.post(f"/jobs/{job_id + 1}/runs/{run_id}/cancel").status_code == 404
    assert client.post(f"/jobs/{job_id}/runs/{run_id}/cancel").status_code == 303
    assert space.end_of(run_id).state.result_state.value == "CANCELED"


def test_a_page_of_another_site_can_do_nothing(client, job):
    answer = client.post(f"/jobs/{job}/run-now", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
