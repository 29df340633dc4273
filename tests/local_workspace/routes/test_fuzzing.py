"""Whatever is sent to the routes that work without Spark, the answer is no 5xx and comes soon."""

import threading
from types import SimpleNamespace

import pytest
from fastapi import APIRouter

from api_fuzzing import Target, ask_oddly, bearer, fuzz
from asgi_server import Served
from job_workspace import TOKEN, JobWorkspace
from local_workspace.engines.files import VolumeFiles
from local_workspace.engines.identity.documents import NOTHING_SAID
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.http.server import create_app
from local_workspace.routes import files, identity, jobs, pipelines, principal_secrets, scim, workspace
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.partial_files import PartialFiles
from local_workspace.runtime.store import Store

pytestmark = pytest.mark.slow


class Volumes:
    """A catalog of one volume."""

    def __init__(self, root) -> None:
        self.root = root

    def folder(self, full_name: str):
        _, schema, name = full_name.split(".")
        if (schema, name) != ("raw", "events"):
            raise not_found(f"Volume '{full_name}' does not exist.")
        return self.root / schema / name

    def names_in(self, *parts: str) -> list[tuple[str, int]]:
        return [(("lake", "raw", "events")[len(parts)], 0)]


def no_spark() -> None:
    raise RuntimeError("there is no Spark here")


@pytest.fixture
def target(tmp_path):
    space = JobWorkspace(tmp_path / "home")
    space.listener.close()
    spark = SimpleNamespace(spark_home=space.home.root / "spark", wait_ready=no_spark)
    pipelines_engine = PipelinesEngine(space.home, Store(space.home.database), spark, space.disk.space)
    volumes = Volumes(space.home.volumes)
    volumes.folder("lake.raw.events").mkdir(parents=True)
    engines = SimpleNamespace(
        user="you@localhost",
        identity=space.identity,
        files=VolumeFiles(volumes, PartialFiles(space.home.root / "uploads.partial")),
        workspace_files=space.files,
        jobs=space.jobs,
        permissions=space.permissions,
        pipelines=pipelines_engine,
    )
    space.files.mkdirs("/Users/you")
    spec = {"name": "p", "schema": "s", "libraries": [{"file": {"path": "/Users/you/p.py"}}]}
    person = space.identity.create("Users", "ana@example.com", NOTHING_SAID)
    machine = space.identity.create("ServicePrincipals", "", NOTHING_SAID)
    known = {
        "id": person["id"],
        "service_principal_id": machine["id"],
        "secret_id": space.identity.create_secret(machine["id"], 60, [])[0]["id"],
        "job_id": space.jobs.create({"tasks": []}),
        "pipeline_id": pipelines_engine.create(spec),
        "path": "Volumes/lake/raw/events/a/b",
    }
    routers = [module.router for module in (files, identity, jobs, pipelines, principal_secrets, scim, workspace)]
    try:
        with Served(create_app(engines, TOKEN, routers)) as host:
            yield Target(host, bearer(TOKEN), examples=5, known=known)
    finally:
        space.jobs.stop()
        pipelines_engine.stop()


def test_no_request_fails_or_hangs(target):
    failures, called = fuzz(target)
    assert not failures, "\n".join(failures)
    assert {"POST /api/2.2/jobs/create", "PUT /api/2.0/fs/files/{path}", "POST /api/2.0/pipelines"} <= called
    assert {"POST /api/2.0/preview/scim/v2/Users", "PATCH /api/2.0/preview/scim/v2/ServicePrincipals/{id}"} <= called


def test_odd_methods_and_paths_are_refused_with_a_reason(target):
    failures = ask_oddly(target, target.document())
    assert not failures, "\n".join(failures)


def test_what_fails_and_what_hangs_is_found(monkeypatch):
    monkeypatch.setattr("api_fuzzing.SECONDS", 0.5)
    released = threading.Event()
    router = APIRouter()

    @router.get("/fails")
    def fails(number: int) -> float:
        return 1 / (number - number)

    @router.get("/hangs")
    def hangs() -> None:
        released.wait()

    with Served(create_app(object(), TOKEN, [router])) as host:
        failures, called = fuzz(Target(host, bearer(TOKEN), examples=1))
        released.set()
    assert called == {"GET /fails", "GET /hangs"}
    assert {failure.partition(" to ")[0][:25] for failure in failures} == {
        'GET /fails: 500 {"error_c',
        "GET /hangs: no answer wit",
    }
