"""Whatever is sent to the routes of Lakebase, serving and apps, the answer is no 5xx and comes soon."""

from functools import partial
from types import SimpleNamespace

import pytest

from api_fuzzing import Target, bearer, fuzz
from asgi_server import Served
from job_workspace import TOKEN, JobWorkspace
from lakebase_workspace import LakebaseWorkspace
from local_workspace.engines.apps import AppsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.server import create_app
from local_workspace.http.sessions import Sessions
from local_workspace.routes import (
    app_permissions,
    apps,
    identity,
    mlflow_files,
    mlflow_registry,
    models,
    postgres,
    secrets,
    serving,
)
from local_workspace.runtime import principals
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.signed_links import SignedLinks
from model_workspace import SCHEMA, models_of

pytestmark = pytest.mark.slow

USER = "you@localhost"
MODEL = {
    "name": "big",
    "task": "llm/v1/chat",
    "provider": "openai",
    "openai_config": {"openai_api_base": "http://127.0.0.1:1/v1"},
}


@pytest.fixture
def target(tmp_path):
    lakebase = LakebaseWorkspace(tmp_path / "home")
    lakebase.engine.create_project("p")
    files = JobWorkspace(tmp_path / "files")
    files.listener.close()
    processes = Processes(lakebase.home)
    models_engine = models_of(lakebase.home, lakebase.store)
    models_engine.create(f"{SCHEMA}.known")
    secrets_engine = SecretsEngine(lakebase.home, lakebase.store)
    serving_engine = ServingEngine(lakebase.home, lakebase.store, processes, models_engine, secrets_engine, {})
    serving_engine.create("known", {"served_entities": [{"external_model": MODEL}]})
    gateway = partial(listen, workspace=Workspace(TOKEN, USER, 0, Sessions(), principals.UNLISTED))
    apps_engine = AppsEngine(lakebase.home, lakebase.store, processes, files.files, lambda _app: {}, str, gateway, USER)
    apps_engine.create({"name": "known"})
    engines = SimpleNamespace(
        postgres=lakebase.engine,
        serving=serving_engine,
        apps=apps_engine,
        models=models_engine,
        secrets=secrets_engine,
        mlflow=SimpleNamespace(trace_links=SignedLinks("/trace-files")),  # nobody guesses a link
        user=USER,
    )
    modules = (apps, app_permissions, identity, models, mlflow_files, mlflow_registry, secrets, serving, postgres)
    routers = [module.router for module in modules]
    known = {"name": "known", "project": "p", "branch": "production", "endpoint": "primary"}
    known |= {"full_name": f"{SCHEMA}.known"}
    # An external model without a server is a 502.
    left_out = ["POST /serving-endpoints/{name}/invocations"]
    try:
        with Served(create_app(engines, TOKEN, routers)) as host:
            yield Target(host, bearer(TOKEN), examples=5, known=known, left_out=left_out)
    finally:
        apps_engine.stop()
        serving_engine.stop()
        lakebase.close()


def test_no_request_fails_or_hangs(target):
    failures, called = fuzz(target)
    assert not failures, "\n".join(failures)
    created = {"POST /api/2.0/apps", "POST /api/2.0/serving-endpoints", "POST /api/2.0/postgres/synced_tables"}
    assert created <= called
