"""The routes of the home page's sections and of sign-in codes."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from api_fuzzing import Target, bearer, fuzz
from asgi_server import Served
from disks import GIB, Disk
from local_workspace.engines.guide import GuideEngine
from local_workspace.engines.health import HealthEngine
from local_workspace.http.server import create_app
from local_workspace.routes import guide, sign_in
from local_workspace.routes.health import router as health
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN = "a-token"


@pytest.fixture
def app(home_root):
    home = open_home(home_root)
    store = Store(home.database)
    engines = SimpleNamespace(
        guide=GuideEngine(store),
        identity=identity_of(store, "you@localhost"),
        health=HealthEngine(home, Processes(home), {}, {}, Disk().space),
        failures={},
        spark=SimpleNamespace(state=lambda: "running", wait_ready=lambda: None),
        mlflow=SimpleNamespace(state=lambda: "running", wait_ready=lambda: None),
    )
    return create_app(engines, TOKEN, [guide.router, sign_in.router, health])


@pytest.fixture
def api(app):
    with TestClient(app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def test_a_section_comes_back_until_it_is_deleted(api):
    section = {"title": "Bakery", "position": 3, "items": [{"text": "bake", "detail": "job", "path": "/jobs/1"}]}
    assert api.put("/api/local/home/bakery", json=section).json() == {"key": "bakery", **section}
    assert api.get("/api/local/home").json() == {"sections": [{"key": "bakery", **section}]}
    assert api.delete("/api/local/home/bakery").json() == {}
    assert api.delete("/api/local/home/bakery").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": ""}, "title"),
        ({"position": -1}, "position"),
        ({"colour": "red"}, "colour"),
        ({"items": [{"text": "x", "path": "jobs"}]}, "items.0.path"),
        ({"items": [{"text": "x"}] * 501}, "items"),
    ],
)
def test_what_is_wrong_with_a_section_is_named(api, change, named):
    answer = api.put("/api/local/home/bakery", json={"title": "Bakery", **change})
    assert answer.status_code == 400 and answer.json()["message"].startswith(f"{named}:")


def test_no_request_fails_or_hangs(app):
    with Served(app) as host:
        failures, called = fuzz(Target(host, bearer(TOKEN), examples=5, known={"key": "bakery"}, left_out=[]))
    assert not failures, "\n".join(failures)
    assert {"PUT /api/local/home/{key}", "POST /api/local/sign-in-codes", "GET /api/local/engines"} <= called


def test_the_health_has_the_free_space_on_the_disk(api):
    assert api.get("/api/local/health").json() == {
        "spark": "running",
        "mlflow": "running",
        "failures": {},
        "disk": {"free_bytes": 2 * GIB, "needed_bytes": GIB, "message": ""},
    }
