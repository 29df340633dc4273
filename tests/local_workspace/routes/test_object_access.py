"""Who may see, use and change jobs, pipelines, serving endpoints and SQL warehouses: those with permission on them."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, NotFound, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from waiting import eventually

CONDITION = {"task_key": "t", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
MODEL = {
    "name": "big",
    "task": "llm/v1/chat",
    "provider": "openai",
    "openai_config": {"openai_api_base": "http://127.0.0.1:1/v1"},
}
SQL = "/api/2.0/sql"

type Call = Callable[[WorkspaceClient, str], Any]


def post(path: str, **body: Any) -> Call:
    """A POST whose body has the thing's id or name where `body` has None."""
    return lambda w, thing: w.api_client.do(
        "POST", path, body={key: thing if value is None else value for key, value in body.items()}
    )


JOBS = "/api/2.2/jobs"
# Of each kind, by level: what needs it.
NEEDS: dict[str, dict[str, list[Call]]] = {
    "jobs": {
        "CAN_VIEW": [lambda w, job: w.jobs.get(int(job))],
        "CAN_MANAGE_RUN": [post(f"{JOBS}/run-now", job_id=None), post(f"{JOBS}/runs/cancel-all", job_id=None)],
        "IS_OWNER": [
            post(f"{JOBS}/update", job_id=None, new_settings={"max_concurrent_runs": 2}),
            lambda w, job: w.permissions.get("jobs", job),
        ],
    },
    "pipelines": {
        "CAN_VIEW": [
            lambda w, pipeline: w.pipelines.get(pipeline),
            lambda w, pipeline: list(w.pipelines.list_pipeline_events(pipeline)),
            lambda w, pipeline: w.pipelines.list_updates(pipeline),
        ],
        "CAN_RUN": [lambda w, pipeline: w.pipelines.stop(pipeline)],
        "IS_OWNER": [
            lambda w, pipeline: w.permissions.get("pipelines", pipeline),
            lambda w, pipeline: w.permissions.update("pipelines", pipeline, access_control_list=[]),
        ],
    },
    "serving-endpoints": {
        "CAN_VIEW": [lambda w, _: w.serving_endpoints.get("for-some")],
        "CAN_QUERY": [post("/serving-endpoints/for-some/invocations", messages=[])],
        "CAN_MANAGE": [
            lambda w, endpoint: w.permissions.get("serving-endpoints", endpoint),
            lambda w, _: w.api_client.do("PUT", "/api/2.0/serving-endpoints/for-some/ai-gateway", body={}),
        ],
    },
    "sql/warehouses": {
        "CAN_VIEW": [lambda w, warehouse: w.warehouses.get(warehouse)],
        "CAN_USE": [post(f"{SQL}/statements", warehouse_id=None, statement="SELECT 1", wait_timeout="50s")],
        "IS_OWNER": [lambda w, warehouse: w.permissions.get("warehouses", warehouse)],
    },
}
HIGHEST = {
    "jobs": ["CAN_MANAGE"],
    "pipelines": ["CAN_MANAGE"],
    "serving-endpoints": [],
    "sql/warehouses": ["CAN_MANAGE"],
}


def test_a_job_has_one_id(w, things):
    """What is granted on 07 would not be granted on 7."""
    with pytest.raises(NotFound, match="does not exist"):
        w.permissions.get("jobs", f"0{things['jobs']}")


@pytest.fixture(scope="module")
def cook(w, workspace) -> Iterator[WorkspaceClient]:
    """The client of a service principal that is no administrator."""
    made = w.service_principals.create(display_name="cook")
    secret = w.service_principal_secrets_proxy.create(made.id).secret
    yield WorkspaceClient(
        host=workspace["DATABRICKS_HOST"],
        client_id=made.application_id,
        client_secret=secret,
        auth_type="oauth-m2m",
    )
    w.service_principals.delete(made.id)


@pytest.fixture(scope="module")
def me(cook) -> str:
    """The cook's name."""
    return cook.config.client_id


@pytest.fixture(scope="module")
def things(w, catalog) -> Iterator[dict[str, str]]:
    """One thing of each kind, which the workspace's own user has made, by its kind."""
    job = w.api_client.do("POST", f"{JOBS}/create", body={"name": "for some", "tasks": [CONDITION]})["job_id"]
    run = w.jobs.run_now(job).run_id
    eventually(lambda: w.jobs.get_run(run).state.life_cycle_state.value, "TERMINATED")
    pipeline = w.api_client.do(
        "POST",
        "/api/2.0/pipelines",
        body={
            "name": "for some",
            "catalog": catalog,
            "schema": "default",
            "libraries": [{"file": {"path": "/Workspace/none.py"}}],
        },
    )["pipeline_id"]
    config = {"served_entities": [{"external_model": MODEL}]}
    endpoint = w.api_client.do("POST", "/api/2.0/serving-endpoints", body={"name": "for-some", "config": config})["id"]
    warehouse = w.warehouses.create(name="for some").id
    yield {"jobs": str(job), "pipelines": pipeline, "serving-endpoints": endpoint, "sql/warehouses": warehouse}
    w.warehouses.delete(warehouse)
    w.serving_endpoints.delete("for-some")
    w.pipelines.delete(pipeline)
    w.jobs.delete(job)


@pytest.fixture
def grant(w, me) -> Callable[[str, str, str | None], None]:
    """Gives the cook one level on a thing, or none."""

    def give(kind: str, thing: str, level: str | None) -> None:
        mine = (
            [AccessControlRequest(service_principal_name=me, permission_level=PermissionLevel(level))] if level else []
        )
        owned = kind in ("jobs", "pipelines") and level != "IS_OWNER"
        owner = [AccessControlRequest(user_name="you@localhost", permission_level=PermissionLevel.IS_OWNER)]
        w.permissions.set(kind, thing, access_control_list=[*mine, *(owner if owned else [])])

    return give


def is_refused(call: Call, w: WorkspaceClient, thing: str) -> bool:
    """Whether permission is missing for a call; another refusal is that of a call that had it."""
    try:
        call(w, thing)
    except PermissionDenied:
        return True
    except DatabricksError:
        return False
    return False


@pytest.mark.parametrize("kind", NEEDS)
def test_a_level_allows_what_it_and_those_below_it_are_for(things, grant, cook, kind):
    order = [None, *NEEDS[kind], *HIGHEST[kind]]
    for number, level in enumerate(order):
        grant(kind, things[kind], level)
        for needed, calls in NEEDS[kind].items():
            refused = [is_refused(call, cook, things[kind]) for call in calls]
            assert refused == [order.index(needed) > number] * len(calls), (level, needed)
    grant(kind, things[kind], None)


def test_lists_show_what_one_may_see(things, grant, cook, w):
    listed = {
        "jobs": lambda: [str(job.job_id) for job in cook.jobs.list()],
        "pipelines": lambda: [each.pipeline_id for each in cook.pipelines.list_pipelines()],
        "serving-endpoints": lambda: [each.id for each in cook.serving_endpoints.list()],
        "sql/warehouses": lambda: [each.id for each in cook.warehouses.list()],
    }
    for kind, names in listed.items():
        assert things[kind] not in names()
        grant(kind, things[kind], "CAN_VIEW")
        assert things[kind] in names()
        grant(kind, things[kind], None)


def test_a_run_takes_permission_on_its_job(things, grant, cook, w):
    job = things["jobs"]
    run = next(iter(w.jobs.list_runs(job_id=int(job)))).run_id
    by_level = {
        "CAN_VIEW": [lambda: cook.jobs.get_run(run), lambda: cook.jobs.export_run(run)],
        "CAN_MANAGE_RUN": [
            lambda: cook.jobs.cancel_run(run),
            lambda: cook.api_client.do("POST", f"{JOBS}/runs/repair", body={"run_id": run, "rerun_tasks": ["none"]}),
        ],
        "IS_OWNER": [lambda: cook.jobs.delete_run(run)],
    }
    order = [None, *by_level]
    for number, level in enumerate(order):
        grant("jobs", job, level)
        assert (run in [each.run_id for each in cook.jobs.list_runs()]) == (level is not None)
        for needed, calls in by_level.items():
            refused = [is_refused(lambda *_, call=call: call(), cook, job) for call in calls]
            assert refused == [order.index(needed) > number] * len(calls), (level, needed)
    grant("jobs", job, None)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda w, job: w.jobs.get(int(job)),
            "User {} does not have View or Admin or Manage Run or Owner permissions on job {}",
        ),
        (lambda w, job: w.jobs.delete(int(job)), "User {} does not have Admin or Owner permissions on job {}"),
        (
            lambda w, job: w.permissions.get("jobs", job),
            r"{} does not have Manage permissions on Job with ID: ElasticJobId\({}\)",
        ),
    ],
)
@pytest.mark.parametrize("job", [None, "987654321"])
def test_a_refusal_has_databricks_words_whether_there_is_such_a_job_or_not(things, cook, me, call, words, job):
    job = job or things["jobs"]
    with pytest.raises(PermissionDenied, match=words.format(me, job)):
        call(cook, job)


def test_who_makes_a_thing_owns_it(cook, me, catalog, w):
    job = cook.jobs.create(name="cooks own").job_id
    submitted = cook.api_client.do("POST", f"{JOBS}/runs/submit", body={"tasks": [CONDITION]})["run_id"]
    spec = {"name": "cooks own", "catalog": catalog, "schema": "default"}
    libraries = [{"file": {"path": "/Workspace/none.py"}}]
    pipeline = cook.api_client.do("POST", "/api/2.0/pipelines", body={**spec, "libraries": libraries})["pipeline_id"]
    config = {"served_entities": [{"external_model": MODEL}]}
    body = {"name": "cooks-own", "config": config}
    endpoint = cook.api_client.do("POST", "/api/2.0/serving-endpoints", body=body)["id"]
    held = {
        kind: [
            row.all_permissions[0].permission_level.value
            for row in cook.permissions.get(kind, thing).access_control_list
            if row.service_principal_name == me
        ]
        for kind, thing in (("jobs", str(job)), ("pipelines", pipeline), ("serving-endpoints", endpoint))
    }
    assert held == {"jobs": ["IS_OWNER"], "pipelines": ["IS_OWNER"], "serving-endpoints": ["CAN_MANAGE"]}
    eventually(lambda: cook.jobs.get_run(submitted).state.life_cycle_state.value, "TERMINATED")
    cook.jobs.delete(job)
    cook.pipelines.delete(pipeline)
    cook.serving_endpoints.delete("cooks-own")
    with pytest.raises(NotFound):
        w.jobs.get(job)


def test_warehouses_are_made_by_those_who_may_make_clusters(cook, me, w):
    with pytest.raises(PermissionDenied, match="allow-cluster-create"):
        cook.warehouses.create(name="cooks own")
    [principal] = w.service_principals.list(filter=f'applicationId eq "{me}"')
    path = f"/api/2.0/preview/scim/v2/ServicePrincipals/{principal.id}"
    entitlement = {"op": "add", "path": "entitlements", "value": [{"value": "allow-cluster-create"}]}
    w.api_client.do("PATCH", path, body={"Operations": [entitlement]})
    warehouse = cook.warehouses.create(name="cooks own").id
    assert warehouse in [each.id for each in cook.warehouses.list()]
    cook.warehouses.delete(warehouse)


def test_all_users_query_databricks_own_models(cook, w):
    config = {"served_entities": [{"external_model": MODEL}]}
    w.api_client.do("POST", "/api/2.0/serving-endpoints", body={"name": "databricks-big", "config": config})
    try:
        assert "databricks-big" in [each.name for each in cook.serving_endpoints.list()]
        with pytest.raises(DatabricksError) as answer:
            cook.api_client.do("POST", "/serving-endpoints/databricks-big/invocations", body={"messages": []})
        assert not isinstance(answer.value, PermissionDenied)
        with pytest.raises(PermissionDenied, match="CAN_MANAGE on the serving endpoint"):
            cook.serving_endpoints.delete("databricks-big")
    finally:
        w.serving_endpoints.delete("databricks-big")


def test_only_administrators_cancel_all_runs_that_are_queued(cook):
    with pytest.raises(PermissionDenied, match="Only workspace admins"):
        cook.api_client.do("POST", f"{JOBS}/runs/cancel-all", body={"all_queued_runs": True})


@pytest.fixture
def browser(w, workspace) -> Iterator[httpx.Client]:
    """A browser in which a user has signed in who may do nothing yet."""
    user = w.users.create(user_name="ana@example.com")
    code = w.api_client.do("POST", "/api/local/sign-in-codes", body={"user_name": user.user_name})["code"]
    headers = {"Accept": "text/html", "Origin": workspace["DATABRICKS_HOST"]}
    with httpx.Client(base_url=workspace["DATABRICKS_HOST"], headers=headers, follow_redirects=True) as opened:
        assert opened.get("/login", params={"code": code}).status_code == 200
        yield opened
    w.users.delete(user.id)


@pytest.mark.parametrize(
    ("kind", "page", "listing", "action"),
    [
        ("jobs", "/jobs/{}", "/jobs", "/jobs/{}/run-now"),
        ("pipelines", "/pipelines/{}", "/pipelines", "/pipelines/{}/stop"),
        ("serving-endpoints", "/ml/endpoints/for-some", "/ml/endpoints", None),
        ("sql/warehouses", "/sql/warehouses/{}", "/sql/warehouses", "/sql/warehouses/{}/delete"),
    ],
)
def test_pages_show_what_one_may_see(things, w, browser, kind, page, listing, action):
    page, action = page.format(things[kind]), (action or "").format(things[kind])
    assert browser.get(page).status_code == 403
    assert page not in browser.get(listing).raise_for_status().text
    entry = AccessControlRequest(user_name="ana@example.com", permission_level=PermissionLevel.CAN_VIEW)
    w.permissions.update(kind, things[kind], access_control_list=[entry])
    assert browser.get(page).status_code == 200
    assert page in browser.get(listing).raise_for_status().text
    if action:
        assert browser.post(action).status_code == 403


def test_the_home_page_and_the_runs_are_those_of_ones_own_jobs(things, w, browser):
    assert (
        f"/jobs/{things['jobs']}"
        in httpx.get(
            f"{w.config.host}/jobs/runs", headers={"Accept": "text/html", "Authorization": f"Bearer {w.config.token}"}
        ).text
    )
    for path in ("/", "/jobs/runs"):
        assert f"/jobs/{things['jobs']}/" not in browser.get(path).raise_for_status().text
