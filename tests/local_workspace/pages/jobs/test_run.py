"""A run's page, and those of tasks that need no process."""

import pytest

import job_graphs as graphs


@pytest.fixture(scope="module")
def child(space):
    return graphs.job(space, graphs.task("only"), name="Child")


@pytest.fixture(scope="module")
def run(space, child):
    """A run of every kind of task that needs no process."""
    each = graphs.task("one", condition_task={"op": "EQUAL_TO", "left": "{{input}}", "right": "b"})
    return graphs.run(
        space,
        graphs.condition("compare", "{{job.parameters.mode}}", "EQUAL_TO", "full"),
        graphs.task("skipped", graphs.when("compare", "false")),
        graphs.task("loop", **graphs.loop(["a", "<b>"], each)),
        graphs.task("call", run_job_task={"job_id": child}),
        graphs.fails("update", "loop", max_retries=1),
        name="Kitchens",
        parameters=[{"name": "mode", "default": "full"}],
    )


def path(run: dict, key: str = "") -> str:
    run_id = graphs.task_of(run, key)["run_id"] if key else run["run_id"]
    return f"/jobs/{run['job_id']}/runs/{run_id}"


def test_the_graph_and_the_timeline_have_every_task_in_its_state(text, run):
    page = text(path(run))
    assert page.count('<g class="box good">') == 3 and page.count('<g class="box bad">') == 1
    assert (
        page.count('<g class="box idle">') == 1 and "If/else condition · true" in page and "For each · 2 of 2" in page
    )
    assert page.count("update, attempt 2: ") == 2 and page.count('aria-label="Attempts of ') == 5
    assert "Task update failed with message: Update update-of-FAILED" in page and "2 attempts" in page


def test_a_run_that_has_ended_is_not_renewed(text, run):
    assert "hx-get" not in text(path(run)) and f'href="{path(run)}/repair"' in text(path(run))


def test_a_run_is_found_by_its_number_in_the_job(client, run):
    answer = client.get(f"/jobs/{run['job_id']}/runs/1")
    assert (answer.status_code, answer.headers["location"]) == (303, path(run))
    assert client.get(f"/jobs/{run['job_id']}/runs/2").status_code == 404
    assert client.get(f"/jobs/{run['job_id'] + 10**6}/runs/{run['run_id']}").status_code == 404


def test_the_api_s_link_leads_to_the_page(client, run):
    assert client.get(run["run_page_url"]).status_code == 200


def test_a_condition_shows_what_it_has_compared(text, run):
    assert "<code>full == full</code> is <strong>true</strong>" in text(path(run, "compare"))


def test_a_task_that_was_not_run_says_why(text, run):
    assert "Not run, because compare was excluded." in text(path(run, "skipped"))


def test_a_loop_shows_its_iterations_and_each_its_input(space, text, run):
    page = text(path(run, "loop"))
    assert "2 of 2" in page and "&#34;&lt;b&gt;&#34;" in page
    first = graphs.shown(space, graphs.task_of(run, "loop")["run_id"])["iterations"][0]
    page = text(f"/jobs/{run['job_id']}/runs/{first['run_id']}")
    assert "<code>a == b</code> is <strong>false</strong>" in page and f'href="{path(run, "loop")}">Iterations' in page


def test_a_called_job_s_run_and_its_caller_lead_to_each_other(space, text, run, child):
    called = space.jobs.output(graphs.task_of(run, "call")["run_id"])["run_job_output"]["run_id"]
    assert f'href="/jobs/{child}/runs/{called}">Child run {called}</a>' in text(path(run, "call"))
    page = text(f"/jobs/{child}/runs/{called}")
    assert "By a Run Job task" in page and f'href="{path(run, "call")}"' in page


def test_a_pipeline_s_task_leads_to_its_update_and_shows_its_attempts(text, run):
    page = text(path(run, "update"))
    assert 'href="/pipelines/FAILED/updates/update-of-FAILED"' in page
    assert 'aria-current="page">Attempt 1</a>' in page and ">Attempt 2</a>" in page


def test_a_submitted_run_has_a_page(space, text):
    submitted = space.w.api_client.do(
        "POST", f"{graphs.API}/runs/submit", body={"run_name": "Once", "tasks": [graphs.task("a")]}
    )
    found = graphs.ended(space, submitted["run_id"])
    page = text(path(found))
    assert "Once run" in page and "By a submitted run" in page and "run-now" not in page
    assert "Once" in text("/jobs/runs")
