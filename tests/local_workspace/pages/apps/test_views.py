import pytest

from local_workspace.pages.apps.views import app_of, deployments_of

DOC = {
    "name": "shop",
    "url": "http://127.0.0.1:1",
    "creator": "you",
    "create_time": "2026-01-01T00:00:00.000Z",
    "service_principal_name": "app-shop",
    "resources": [{"name": "postgres", "postgres": {}, "description": "its database"}],
    "app_status": {"state": "RUNNING", "message": "App is running"},
    "compute_status": {"state": "ACTIVE", "message": "App compute is active."},
    "active_deployment": {"deployment_id": "7"},
}
PENDING = {"deployment_id": "8", "status": {"state": "IN_PROGRESS", "message": "Installing"}}
UNAVAILABLE = {"state": "UNAVAILABLE", "message": "App status is unavailable."}


@pytest.mark.parametrize(
    ("changes", "state", "busy"),
    [
        ({}, "RUNNING", False),
        ({"pending_deployment": PENDING}, "DEPLOYING", True),
        ({"app_status": {"state": "CRASHED", "message": "No module x"}}, "CRASHED", False),
        ({"compute_status": {"state": "STOPPED", "message": "App compute is stopped."}}, "STOPPED", False),
        ({"app_status": UNAVAILABLE, "active_deployment": None}, "NOT_DEPLOYED", False),
    ],
)
def test_an_apps_state_is_one_word(changes, state, busy):
    app = app_of(DOC | changes)
    assert (app.state, app.busy) == (state, busy)
    assert app.resources == [("postgres", "postgres")]


def test_the_deployment_that_runs_is_marked():
    made = {"message": "App started successfully", "state": "SUCCEEDED"}
    docs = [
        {"deployment_id": each, "status": made, "source_code_path": "/a", "creator": "you", "create_time": "…"}
        for each in ("8", "7")
    ]
    assert [(each.id, each.running) for each in deployments_of(docs, DOC)] == [("8", False), ("7", True)]
