"""Executed notebooks and logs as documents of their own."""

import nbformat

import job_graphs as graphs
from local_workspace.pages.jobs.task_run import SHOWN


def test_a_notebook_is_shown_as_it_was_executed_and_can_do_nothing(space, client):
    run = graphs.run(space, graphs.task("n", notebook_task={"notebook_path": "/Workspace/none"}))
    task = graphs.task_of(run, "n")["run_id"]
    path = f"/jobs/{run['job_id']}/runs/{task}/notebook"
    early = client.get(path)
    assert early.status_code == 200 and "has not executed its notebook" in early.text
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="<i>plain</i>")])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), space.home.runs / str(run["run_id"]) / "n.ipynb")
    answer = client.get(path)
    assert "&lt;i&gt;plain&lt;/i&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox") and "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy


def test_the_page_has_the_end_of_a_long_log_and_a_link_to_all_of_it(space, client, text):
    run = graphs.run(space, graphs.fails("a"))
    found, task = space.jobs.run(run["run_id"]), graphs.task_of(run, "a")
    path, log = f"/jobs/{run['job_id']}/runs/{task['run_id']}", f"<b>begin{'x' * SHOWN}end"
    (space.home.runs / str(found["run_id"]) / "a.result.json").write_text(f'{{"error": "e", "logs": "{log}"}}')
    page = text(path)
    assert "xend</pre>" in page and "begin" not in page and f'href="{path}/log"' in page
    answer = client.get(f"{path}/log")
    assert answer.text == log and answer.headers["content-type"].startswith("text/plain")


def test_other_tasks_and_runs_have_no_such_documents(space, client):
    run = graphs.run(space, graphs.task("a"))
    task = f"/jobs/{run['job_id']}/runs/{graphs.task_of(run, 'a')['run_id']}"
    assert "Only notebook runs can be exported" in client.get(f"{task}/notebook").text
    assert client.get(f"/jobs/{run['job_id']}/runs/{run['run_id']}/log").status_code == 400
    assert client.get(f"/jobs/{run['job_id'] + 10**6}/runs/{run['run_id']}/notebook").status_code == 404
