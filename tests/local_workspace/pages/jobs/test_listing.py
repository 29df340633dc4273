"""The list of jobs and the list of all runs."""

import pytest

import job_graphs as graphs


@pytest.fixture(scope="module")
def good(space):
    job_id = graphs.job(
        space, graphs.task("a"), name="Good & <script>alert(1)</script>", parameters=[{"name": "day", "default": "<b>"}]
    )
    space.end_of(space.w.jobs.run_now(job_id).run_id)
    return job_id


@pytest.fixture(scope="module")
def bad(space):
    clock = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}
    job_id = graphs.job(space, graphs.fails("a"), name="Bad", schedule=clock)
    space.end_of(space.w.jobs.run_now(job_id).run_id)
    return job_id


def test_each_job_has_its_last_runs_as_dots_and_its_next_run(text, good, bad):
    page = text("/jobs")
    assert f'<a href="/jobs/{good}">Good &amp; &lt;script&gt;' in page and "<script>alert" not in page
    assert page.count(": Succeeded</span>") == page.count(": Failed</span>") == 1
    assert "Every day at 06:00 (UTC)" in page and "data-ago>in " in page


def test_jobs_are_found_by_a_part_of_their_name(text, good, bad):
    assert f'"/jobs/{bad}"' in text("/jobs?name=bAd") and f'"/jobs/{good}"' not in text("/jobs?name=bAd")
    assert "No job has a name with “nothing”." in text("/jobs?name=nothing")


def test_runs_are_filtered_by_job_and_state(text, good, bad):
    assert f'<a href="/jobs/{good}">' in text("/jobs/runs") and f'<a href="/jobs/{bad}">' in text("/jobs/runs")
    assert "day: &lt;b&gt;" in text(f"/jobs/runs?job_id={good}")
    assert f'<a href="/jobs/{bad}">' not in text(f"/jobs/runs?job_id={good}")
    assert f'<a href="/jobs/{good}">' not in text("/jobs/runs?state=FAILED")
    assert "No run matches." in text("/jobs/runs?state=TIMEDOUT")


def test_a_list_is_renewed_without_the_page_around_it(text, good):
    part = text("/jobs?name=Good", part=True)
    assert "<html" not in part and part.lstrip().startswith("<section") and 'hx-get="/jobs?name=Good"' in part


@pytest.mark.parametrize("path", ["/jobs?page=0", "/jobs/runs?page=x", "/jobs/1", "/jobs/x", "/jobs/1/tasks"])
def test_what_does_not_exist_is_an_error_and_no_failure(client, path):
    assert client.get(path).status_code in (400, 404)
