"""A job: its runs as a matrix, its tasks and their settings."""

import pytest

import job_graphs as graphs


@pytest.fixture(scope="module")
def job(space):
    tasks = [
        graphs.task("load", notebook_task={"notebook_path": "/Workspace/a", "base_parameters": {"limit": "<i>9"}}),
        graphs.condition("is_full", "{{job.parameters.mode}}", "GREATER_THAN", "1", "load"),
        graphs.task("next", graphs.when("is_full", "true"), run_if="ALL_DONE", max_retries=-1),
        graphs.task("each", **graphs.loop(["a"], graphs.task("one"), concurrency=3)),
        graphs.task("other", run_job_task={"job_id": 1}, timeout_seconds=5),
        graphs.task("query", sql_task={"warehouse_id": "w/1", "query": {"query_id": "q"}}),
    ]
    return graphs.job(space, *tasks, parameters=[{"name": "mode", "default": "full"}])


def test_the_tasks_are_drawn_and_described(text, job):
    page = text(f"/jobs/{job}/tasks")
    assert page.count('<path class="edge"') == 2 and page.count('<g class="box') == 6
    for shown in ("{{job.parameters.mode}} &gt; 1", "is_full (true)", "All done", "Unlimited", "&lt;i&gt;9", "5 s"):
        assert shown in page, shown
    assert 'href="/sql/warehouses/w%2F1"' in page and 'href="/pipelines/COMPLETED"' in page and 'href="/jobs/1"' in page


def test_the_matrix_has_a_column_for_each_run_and_a_row_for_each_task(space, text):
    job_id = graphs.job(space, graphs.task("a"), graphs.fails("b", "a"))
    runs = [graphs.ended(space, space.w.jobs.run_now(job_id).run_id) for _ in range(2)]
    space.w.jobs.update(job_id, fields_to_remove=["tasks/b"])
    page = text(f"/jobs/{job_id}")
    matrix = page[page.index("<thead>") : page.index("</tbody>")]
    assert matrix.index(f"Run {runs[0]['run_id']}: Failed") < matrix.index(f"Run {runs[1]['run_id']}: Failed")
    assert matrix.count(">b: Failed</span>") == matrix.count(">a: Succeeded</span>") == 2
    assert f'href="/jobs/{job_id}/runs/{graphs.task_of(runs[0], "b")["run_id"]}"' in matrix


def test_a_job_without_runs_says_so(text, job):
    assert "No runs yet." in text(f"/jobs/{job}")
