"""Lakebase requests that make no sense, and what is kept of those that do."""

import httpx
import pytest

from lakebase_workspace import TOKEN, LakebaseWorkspace
from refusals import LONG, WHOLE_BODIES, refused

BRANCH = "/projects/p/branches/production"
ROUTES = {
    "/projects?project_id=p": "projects",
    f"{BRANCH}/databases?database_id=d": "databases",
    f"{BRANCH}/roles": "roles",
    "/catalogs?catalog_id=c": "catalogs",
    "/synced_tables?synced_table_id=c.s.t": "synced_tables",
}

SPECS = {
    f"{BRANCH}/databases": {"postgres_database": "d"},
    f"{BRANCH}/roles": {"postgres_role": "a", "identity_type": "SERVICE_PRINCIPAL"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    workspace = LakebaseWorkspace(tmp_path_factory.mktemp("lakebase") / "home")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{workspace.w.config.host}/api/2.0/postgres", headers=headers) as client:
        yield client
    workspace.close()


@pytest.mark.parametrize("route", ROUTES, ids=ROUTES.values())
@pytest.mark.parametrize("spec", ["x", 5, ["x"]])
def test_a_spec_is_an_object(client, route, spec):
    refused(client.post(route, json={"spec": spec}), "spec: ")


@pytest.mark.parametrize("route", [*ROUTES, "/credentials"])
@pytest.mark.parametrize("body", WHOLE_BODIES)
def test_a_body_is_an_object(client, route, body):
    refused(client.post(route, json=body), "The request's body: ")


@pytest.mark.parametrize(
    ("route", "spec", "field"),
    [
        ("/projects?project_id=p", {"display_name": 5}, "spec.display_name: "),
        ("/projects?project_id=p", {"display_name": LONG}, "spec.display_name: "),
        (f"{BRANCH}/databases", {"postgres_database": ["d"]}, "spec.postgres_database: "),
        (f"{BRANCH}/databases", {"role": {}}, "spec.role: "),
        (f"{BRANCH}/roles", {"postgres_role": 1, "identity_type": "USER"}, "spec.postgres_role: "),
        (f"{BRANCH}/roles", {"postgres_role": "a", "identity_type": []}, "spec.identity_type: "),
        (f"{BRANCH}/roles", {"postgres_role": "a"}, "lacks identity_type"),
        (f"{BRANCH}/roles", {}, "lacks postgres_role, identity_type"),
        ("/catalogs?catalog_id=c", {"branch": 5, "postgres_database": "d"}, "spec.branch: "),
        ("/catalogs?catalog_id=c", {"branch": "b\0", "postgres_database": "d"}, "spec.branch: "),
        ("/catalogs?catalog_id=c", {"create_database_if_missing": "x"}, "spec.create_database_if_missing: "),
        ("/catalogs?catalog_id=c", {"branch": LONG, "postgres_database": None}, "lacks postgres_database"),
        ("/synced_tables?synced_table_id=c.s.t", {"primary_key_columns": "id"}, "spec.primary_key_columns: "),
        ("/synced_tables?synced_table_id=c.s.t", {"primary_key_columns": [1]}, "spec.primary_key_columns.0: "),
        ("/synced_tables?synced_table_id=c.s.t", {"source_table_full_name": {}}, "spec.source_table_full_name: "),
        ("/synced_tables?synced_table_id=c.s.t", {"scheduling_policy": 7}, "spec.scheduling_policy: "),
        ("/synced_tables?synced_table_id=c.s.t", {"primary_key_columns": []}, "lacks source_table_full_name"),
    ],
)
def test_a_spec_that_makes_no_sense(client, route, spec, field):
    refused(client.post(route, json={"spec": spec}), field)


@pytest.mark.parametrize(
    ("route", "field", "value"),
    [
        ("/projects?project_id=p", "pg_version", 17),
        ("/projects?project_id=p", "default_branch", "projects/p/branches/dev"),
        (f"{BRANCH}/databases", "owner", "me"),
        (f"{BRANCH}/roles", "attributes", {"createdb": True}),
        (f"{BRANCH}/roles", "auth_method", "NO_LOGIN"),
        (f"{BRANCH}/roles", "membership_roles", ["DATABRICKS_SUPERUSER"]),
        ("/catalogs?catalog_id=c", "comment", "x"),
        ("/synced_tables?synced_table_id=c.s.t", "create_database_objects_if_missing", False),
        ("/synced_tables?synced_table_id=c.s.t", "existing_pipeline_id", "p"),
        ("/synced_tables?synced_table_id=c.s.t", "extra_columns", [{"name": "x"}]),
        ("/synced_tables?synced_table_id=c.s.t", "timeseries_key", "ts"),
        ("/synced_tables?synced_table_id=c.s.t", "type_overrides", [{"column_name": "x"}]),
    ],
)
def test_what_databricks_would_act_on_is_refused(client, route, field, value):
    refused(client.post(route, json={"spec": {field: value}}), f"spec.{field}: ")


@pytest.mark.parametrize(("field", "value"), [("claims", []), ("ttl", "600s"), ("expire_time", "2030-01-01T00:00:00Z")])
def test_a_credential_of_another_kind_is_refused(client, field, value):
    body = {"endpoint": "projects/p/branches/production/endpoints/primary", field: value}
    refused(client.post("/credentials", json=body), f"{field}: a local workspace does not support this field")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"{BRANCH}/databases?database_id=d&replace_existing=true", "replace_existing: "),
        (f"{BRANCH}/roles?role_id=a&replace_existing=true", "replace_existing: "),
        (f"{BRANCH}/roles?role_id=b", "The id of role a must be a, not b."),
    ],
)
def test_an_existing_resource_is_not_replaced_and_ids_follow_from_names(client, query, field):
    refused(client.post(query, json={"spec": SPECS[query.split("?")[0]]}), field)


@pytest.mark.parametrize("route", ["/catalogs?catalog_id=c", "/synced_tables?synced_table_id=c.s.t"])
@pytest.mark.parametrize("body", [{}, {"spec": None}])
def test_a_spec_that_is_needed(client, route, body):
    refused(client.post(route, json=body), "The spec lacks ")


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [(5, "endpoint: "), (["x"], "endpoint: "), ("projects/p", "Endpoint 'projects/p' must be"), ("a\0b", "endpoint: ")],
)
def test_a_credential_is_for_an_endpoint(client, endpoint, field):
    refused(client.post("/credentials", json={"endpoint": endpoint}), field)


@pytest.mark.parametrize("name", [LONG, "a%00b"])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/projects/{}", "project: "),
        ("/projects/{}/branches", "project: "),
        ("/projects/p/branches/{}", "branch: "),
        (BRANCH + "/endpoints/{}", "endpoint: "),
        (BRANCH + "/databases/{}", "database: "),
        (BRANCH + "/roles/{}", "role: "),
        ("/catalogs/{}", "catalog: "),
        ("/synced_tables/{}", "table: "),
        ("/projects/{}/operations/create", "resource: "),
    ],
)
def test_a_path_that_makes_no_sense(client, path, field, name):
    refused(client.get(path.format(name)), field)


@pytest.mark.parametrize("path", ["/projects?view=FULL", f"{BRANCH}/databases?filter=x", "/catalogs/c?view=FULL"])
def test_an_unknown_query_parameter_is_refused(client, path):
    refused(client.get(path), f"the query parameter {path.partition('?')[2].partition('=')[0]}")
