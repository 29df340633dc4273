"""Requests that make no sense, sent without any client that would mend them: each is a 400 that names its field."""

import base64
import json
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from job_workspace import TOKEN, JobWorkspace
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.http.server import create_app
from local_workspace.routes import jobs, pipelines, workspace
from local_workspace.runtime.store import Store

JOBS = "/api/2.2/jobs"
PIPELINE = {"name": "p", "schema": "s", "libraries": [{"file": {"path": "/a.py"}}]}
LONG = "x" * 3000


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    space = JobWorkspace(tmp_path_factory.mktemp("refusals") / "home")
    store = Store(space.home.database)
    spark = SimpleNamespace(spark_home=space.home.root)
    engines = SimpleNamespace(
        user="you@localhost",
        workspace_files=space.files,
        jobs=space.jobs,
        permissions=space.permissions,
        pipelines=PipelinesEngine(space.home, store, spark, space.disk.space),
    )
    app = create_app(engines, TOKEN, [jobs.router, pipelines.router, workspace.router])
    with TestClient(
        app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False
    ) as client:
        yield client
    engines.pipelines.stop()


@pytest.fixture(scope="module")
def pipeline(client):
    return client.post("/api/2.0/pipelines", json={**PIPELINE, "name": "first"}).json()["pipeline_id"]


def test_a_filter_is_refused_where_there_is_nothing_to_filter(client):
    answer = client.get("/api/2.0/pipelines", params={"filter": "name = 'p'"})
    assert answer.status_code == 400
    assert "use name LIKE 'pattern'" in answer.json()["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{JOBS}/create", {"name": 5, "tasks": "x"}, "name: "),
        (f"{JOBS}/create", {"tasks": "x"}, "tasks: "),
        (f"{JOBS}/create", {"tasks": [{}]}, "tasks.0.task_key is missing"),
        (f"{JOBS}/create", {"tasks": [{"task_key": "a", "notebook_task": {}}]}, "tasks.0.notebook_task.notebook_path"),
        (f"{JOBS}/create", {"parameters": [{"default": "x"}]}, "parameters.0.name is missing"),
        (f"{JOBS}/create", {"parameters": [{"name": "x"}]}, "parameters.0.default is missing"),
        (f"{JOBS}/create", {"schedule": {"quartz_cron_expression": "0 0 9 * * ?"}}, "schedule.timezone_id is missing"),
        (
            f"{JOBS}/create",
            {"schedule": {"quartz_cron_expression": "0 0 9 * * ?", "timezone_id": "America"}},
            "Unknown time zone 'America'",
        ),
        (f"{JOBS}/create", {"queue": {"enabled": [1]}}, "queue.enabled: "),
        (f"{JOBS}/create", {"max_concurrent_runs": -1}, "max_concurrent_runs: "),
        (f"{JOBS}/create", {"timeout_seconds": 10**30}, "timeout_seconds: "),
        (f"{JOBS}/create", [], "The request's body: "),
        (f"{JOBS}/reset", {"job_id": 1, "new_settings": None}, "new_settings: "),
        (f"{JOBS}/update", {"job_id": 1, "fields_to_remove": "name"}, "fields_to_remove: "),
        (f"{JOBS}/run-now", {"job_id": "x"}, "job_id: "),
        (f"{JOBS}/run-now", {"job_id": 1, "job_parameters": ["a"]}, "job_parameters: "),
        (f"{JOBS}/run-now", {"job_id": 1, "python_params": ["a"]}, "python_params"),
        (f"{JOBS}/runs/cancel", {}, "run_id is missing"),
        ("/api/2.0/pipelines", {**PIPELINE, "libraries": ["x"]}, "libraries.0: "),
        ("/api/2.0/pipelines", {**PIPELINE, "libraries": [{"file": {"path": 5}}]}, "libraries.0.file.path: "),
        ("/api/2.0/pipelines", {**PIPELINE, "libraries": [{"jar": "x"}]}, "not ['jar']"),
        ("/api/2.0/pipelines", {**PIPELINE, "schema": 5}, "schema: "),
        ("/api/2.0/pipelines", {**PIPELINE, "configuration": {"a": 1}}, "configuration.a: "),
        ("/api/2.0/pipelines", {**PIPELINE, "name": LONG}, "name: "),
        ("/api/2.0/workspace/mkdirs", {"path": 5}, "path: "),
        ("/api/2.0/workspace/mkdirs", {"path": f"/{LONG}"}, "is too long"),
        ("/api/2.0/workspace/mkdirs", {"path": "/a" * 200}, "is too long"),
        ("/api/2.0/workspace/import", {"path": 1, "content": 2}, "path: "),
        ("/api/2.0/workspace/import", {"path": "/a", "content": 2}, "content: "),
        ("/api/2.0/workspace/import", {"path": "/a", "content": "***"}, "content is not base64"),
        ("/api/2.0/workspace/import", {"path": "/a", "content": "é"}, "content is not base64"),
        ("/api/2.0/workspace/import", {"path": f"/{LONG}", "content": ""}, "is too long"),
        ("/api/2.0/workspace/import", {"path": "/a", "format": 5}, "format: "),
        ("/api/2.0/workspace/delete", {"path": None}, "path: "),
    ],
)
def test_a_body_that_makes_no_sense(client, path, body, field):
    refused(client.post(path, json=body), field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"{JOBS}/list?limit=-1", "limit: "),
        (f"{JOBS}/list?limit=101", "limit: "),
        (f"{JOBS}/list?page_token=20", "page_token: "),
        (f"{JOBS}/list?offset=-1", "offset: "),
        (f"{JOBS}/runs/list?limit=26", "limit: "),
        (f"{JOBS}/runs/list?page_token=MTAw", "page_token: "),
        (f"{JOBS}/runs/list?active_only=true&completed_only=true", "completed_only"),
        (f"{JOBS}/runs/list?run_type=NIGHTLY", "run_type: "),
        (f"{JOBS}/runs/list?start_time_from=yesterday", "start_time_from: "),
        (f"{JOBS}/runs/list?start_time_to=-1", "start_time_to: "),
        (f"{JOBS}/runs/list?started_after=1", "query parameter started_after"),
        (f"{JOBS}/runs/get?run_id=1&page_token=MTAw", "page_token: "),
        (f"{JOBS}/get?job_id=x", "job_id: "),
        (f"{JOBS}/get?job_id=1&page_token=MTAw", "page_token: "),
        (f"{JOBS}/list?creator=me", "query parameter creator"),
        ("/api/2.0/pipelines?order_by=state", "order_by: "),
        ("/api/2.0/pipelines?order_by=id&order_by=name", "order_by: "),
        ("/api/2.0/pipelines?state=RUNNING", "query parameter state"),
        ("/api/2.0/pipelines/{pipeline}/events?order_by=level", "order_by: "),
        ("/api/2.0/pipelines/{pipeline}/events?order_by=ascending", "order_by: "),
        ("/api/2.0/pipelines?max_results=101", "max_results: "),
        ("/api/2.0/pipelines?max_results=-1", "max_results: "),
        ("/api/2.0/pipelines?page_token=25", "page_token: "),
        ("/api/2.0/workspace/export?path=/&format=PDF", "Format 'PDF'"),
        (f"/api/2.0/workspace/get-status?path=/{LONG}", "is too long"),
        ("/api/2.0/workspace/list?path=/a%00b", "not a path inside the workspace"),
    ],
)
def test_a_query_that_makes_no_sense(client, pipeline, query, field):
    refused(client.get(query.format(pipeline=pipeline)), field)


@pytest.mark.parametrize(
    ("order", "field", "backwards"),
    [("id", "pipeline_id", False), ("name", "name", False), ("name desc", "name", True)],
)
def test_pipelines_are_listed_in_the_order_asked_for(client, order, field, backwards):
    made = set()
    for name in "bca":
        answer = client.post("/api/2.0/pipelines", json={**PIPELINE, "name": name})
        made.add(answer.json()["pipeline_id"])
    listed = client.get("/api/2.0/pipelines", params={"order_by": order}).json()["statuses"]
    mine = [doc[field] for doc in listed if doc["pipeline_id"] in made]
    assert len(mine) == 3 and mine == sorted(mine, reverse=backwards)
    for pipeline_id in made:
        assert client.delete(f"/api/2.0/pipelines/{pipeline_id}?cascade=false").status_code == 200


def test_the_workspace_number_that_clients_add_to_a_query_is_no_unknown_parameter(client):
    assert client.get(f"{JOBS}/list?o=1234").status_code == 200


@pytest.mark.parametrize("cell", [3, {}, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}])
def test_a_notebook_that_could_not_be_exported_is_not_imported(client, cell):
    content = base64.b64encode(json.dumps({"cells": [cell]}).encode()).decode()
    answer = client.post("/api/2.0/workspace/import", json={"path": "/n", "content": content, "format": "JUPYTER"})
    refused(answer, "its cell 1 ")


def test_pages_follow_their_tokens_and_zero_is_the_longest(client):
    for name in "abc":
        assert client.post(f"{JOBS}/create", json={"name": name}).status_code == 200
    first = client.get(f"{JOBS}/list?limit=2").json()
    assert [job["settings"]["name"] for job in first["jobs"]] == ["c", "b"] and first["has_more"]
    rest = client.get(f"{JOBS}/list", params={"limit": 2, "page_token": first["next_page_token"]}).json()
    assert [job["settings"]["name"] for job in rest["jobs"]] == ["a"] and not rest["has_more"]
    refused(client.get(f"{JOBS}/runs/list", params={"page_token": first["next_page_token"]}), "page_token: ")
    assert client.get(f"{JOBS}/runs/list?limit=0").json() == {"runs": [], "has_more": False}


def test_a_jobs_settings_come_back_as_they_were_sent(client):
    settings = {
        "name": "kept",
        "tags": {"team": "x"},
        "email_notifications": {"on_failure": [], "no_alert_for_skipped_runs": False},
        "edit_mode": "EDITABLE",
        "tasks": [{"task_key": "t", "max_retries": 2, "notebook_task": {"notebook_path": "/n", "source": "WORKSPACE"}}],
    }
    job_id = client.post(f"{JOBS}/create", json=settings).json()["job_id"]
    kept = client.get(f"{JOBS}/get", params={"job_id": job_id}).json()["settings"]
    assert settings.items() <= kept.items()


def refused(answer, field: str) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text
    assert field in answer.json()["message"] and len(answer.json()["message"]) < 400
