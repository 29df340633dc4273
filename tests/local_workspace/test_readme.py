"""The package's README lists the routes that there are. Its example runs in service/test_hostile_environment.py."""

import re
from collections.abc import Collection
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from local_workspace.engines.apps import settings as apps
from local_workspace.engines.jobs import unsupported as jobs
from local_workspace.engines.pipelines import unsupported as pipelines
from local_workspace.http import absent
from local_workspace.http.server import create_app
from local_workspace.routes import mlflow
from local_workspace.service.daemon import ROUTES

README = (Path(__file__).parents[2] / "lib/local_workspace/README.md").read_text()
TOKEN = "a-token"
ROW = re.compile(r"^\| `([A-Z]+ /\S*)` \| (.+) \| (.+) \| (.+) \|$", re.M)
STATES = {"works", "partly", "local only"}


def documented() -> list[str]:
    """The operations of the OpenAPI document."""
    paths = create_app(object(), TOKEN, [module.router for module in ROUTES]).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def passed_on() -> list[str]:
    """The routes to MLflow, which are not in the document; those that take every method once."""
    routes = [(route.methods, route.path.replace(":path}", "}")) for route in mlflow.router.routes]
    return [f"{'ANY' if len(methods) > 1 else min(methods)} {path}" for methods, path in routes]


def test_it_lists_every_route_once_and_no_other():
    listed = [route for route, *_ in ROW.findall(README)]
    assert len(listed) > 100
    assert sorted(listed) == sorted(documented() + passed_on())


def test_it_names_every_service_that_is_refused():
    (section,) = re.findall(r"^### Not here\n(.*?)^### ", README, re.M | re.S)
    assert sorted(set(re.findall(r"`([a-z/-]+)`", section))) == sorted(absent.ABSENT)


def test_every_route_has_a_name_a_state_and_a_difference():
    assert {state for _, _, state, _ in ROW.findall(README)} == STATES
    silent = [route for route, _, state, difference in ROW.findall(README) if state != "works" and difference == "–"]
    assert silent == []


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        ("POST /api/2.2/jobs/create", jobs.JOB_WITHOUT_EFFECT | jobs.TASK_WITHOUT_EFFECT),
        ("POST /api/2.0/pipelines", pipelines.WITHOUT_EFFECT),
        ("POST /api/2.0/pipelines/{pipeline_id}/updates", pipelines.UPDATE_WITHOUT_EFFECT),
        ("POST /api/2.0/apps", apps.WITHOUT_EFFECT),
    ],
)
def test_settings_without_effect_are_named(route: str, fields: Collection[str]) -> None:
    (difference,) = [text for listed, _, _, text in ROW.findall(README) if listed == route]
    (named,) = re.findall(r"without effect: ([^;(]+)", difference)
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(fields)


def test_unknown_query_parameters_are_refused_where_it_says_so():
    app = create_app(object(), TOKEN, [module.router for module in ROUTES])
    sections = [text for text in README.split("\n### ") if "unknown query parameter" in " ".join(text.split())]
    routes = [route.split() for text in sections for route, *_ in ROW.findall(text)]
    assert len(routes) > 70
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answers = [client.request(method, f"{path}?made_up=1", follow_redirects=False) for method, path in routes]
    assert [answer.request.url.path for answer in answers if not refused(answer)] == []


def refused(answer: Response) -> bool:
    """Whether the answer is a 400 that names the parameter; the one to HEAD has no body."""
    named = "does not know the query parameter made_up" in answer.text
    return answer.status_code == 400 and (named or answer.request.method == "HEAD")
