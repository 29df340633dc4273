"""Permissions that are kept and shown: what a bundle's `permissions` ask for."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import permissions
from local_workspace.runtime.errors import not_found
from local_workspace.runtime.permissions import of_principal
from local_workspace.runtime.store import Store
from people import identity_of

USER, TOKEN = "you@localhost", "t"
ADMINS = ("admins", "CAN_MANAGE", ["/jobs/"])


def _known(object_id: str) -> None:
    if object_id != "7":
        raise not_found(f"{object_id} does not exist.")


@pytest.fixture
def client(tmp_path):
    store = Store(tmp_path / "store.db")
    found = {"jobs": _known, "directories": _known, "sql/warehouses": _known}
    engine = PermissionsEngine(store, USER, found, identity_of(store, USER, "app").is_known)
    app = create_app(SimpleNamespace(permissions=engine), TOKEN, [permissions.router])
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client
    store.close()


def entry(name: str, level: str, kind: str = "user_name") -> dict[str, str]:
    return {kind: name, "permission_level": level}


def grants(answer) -> list[tuple[str, str, list[str]]]:
    assert answer.status_code == 200, answer.text
    return [
        (
            row.get("user_name") or row.get("group_name") or row["service_principal_name"],
            row["all_permissions"][0]["permission_level"],
            row["all_permissions"][0].get("inherited_from_object", []),
        )
        for row in answer.json()["access_control_list"]
    ]


def send(client, method: str, path: str, *entries):
    return client.request(method, f"/api/2.0/permissions/{path}", json={"access_control_list": list(entries)})


def test_who_makes_a_job_owns_it(client):
    answer = client.get("/api/2.0/permissions/jobs/7")
    assert grants(answer) == [(USER, "IS_OWNER", []), ADMINS]
    assert (answer.json()["object_id"], answer.json()["object_type"]) == ("/jobs/7", "job")


def test_permissions_are_replaced_and_added_to(client):
    owner, group = entry(USER, "IS_OWNER"), entry("users", "CAN_VIEW", "group_name")
    assert grants(send(client, "PUT", "jobs/7", owner, group)) == [
        (USER, "IS_OWNER", []),
        ("users", "CAN_VIEW", []),
        ADMINS,
    ]
    service = entry("app", "IS_OWNER", "service_principal_name")
    assert grants(send(client, "PATCH", "jobs/7", service)) == [
        ("users", "CAN_VIEW", []),
        ("app", "IS_OWNER", []),
        ADMINS,
    ]
    assert grants(client.get("/api/2.0/permissions/jobs/7"))[1] == ("app", "IS_OWNER", [])


def test_a_warehouse_has_two_words_and_its_own_levels(client):
    assert grants(send(client, "PUT", "warehouses/7", entry("users", "CAN_USE", "group_name")))[0][1] == "CAN_USE"
    assert client.get("/api/2.0/permissions/sql/warehouses/7").json()["object_id"] == "/sql/warehouses/7"
    levels = client.get("/api/2.0/permissions/sql/warehouses/7/permissionLevels").json()["permission_levels"]
    assert {"CAN_USE", "CAN_MONITOR", "CAN_MANAGE"} <= {level["permission_level"] for level in levels}


@pytest.mark.parametrize(
    ("path", "entries", "status", "named"),
    [
        ("jobs/7", [], 400, "The job must have exactly one owner."),
        (
            "jobs/7",
            [entry(USER, "IS_OWNER"), entry("app", "IS_OWNER", "service_principal_name")],
            400,
            "exactly one owner",
        ),
        ("jobs/7", [entry(USER, "CAN_EDIT")], 400, "CAN_EDIT is no level of a job"),
        ("jobs/8", [entry(USER, "IS_OWNER")], 404, "8 does not exist"),
        ("directories/7", [entry("a@b.c", "CAN_MANAGE")], 404, "UserName(a@b.c) does not exist"),
        ("directories/7", [entry("staff", "CAN_MANAGE", "group_name")], 404, "GroupName(staff) does not exist"),
        ("directories/7", [{"permission_level": "CAN_MANAGE"}], 400, "should have one of user_name"),
        ("clusters/7", [], 400, "request_object_type is not recognized: clusters"),
    ],
)
def test_what_is_refused(client, path, entries, status, named):
    answer = send(client, "PUT", path, *entries)
    assert (answer.status_code, named in answer.json()["message"]) == (status, True), answer.text


def test_of_grants_and_revocations_at_the_same_time_none_is_lost(tmp_path):
    store = Store(tmp_path / "many.db")
    leaving, coming = ([f"{word}-{number}" for number in range(40)] for word in ("leaves", "comes"))
    is_known = identity_of(store, USER, *leaving, *coming).is_known
    engine = PermissionsEngine(store, USER, {"jobs": _known}, is_known)
    engine.add("jobs", "7", [of_principal(name, "CAN_VIEW") for name in leaving])
    with ThreadPoolExecutor(8) as pool:
        revoked = pool.map(engine.revoke, leaving)
        added = pool.map(lambda name: engine.add("jobs", "7", [of_principal(name, "CAN_VIEW")]), coming)
        list(revoked), list(added)
    held = [name for name in (USER, *leaving, *coming) if engine.may("jobs", "7", name)]
    store.close()
    assert held == [USER, *coming]


def test_the_owner_of_a_job_that_is_changed_is_the_one_of_that_moment(tmp_path):
    store = Store(tmp_path / "one.db")
    engine = PermissionsEngine(store, USER, {"jobs": _known}, identity_of(store, USER, "app", "cook").is_known)
    engine.add("jobs", "7", [of_principal("app", "IS_OWNER")])
    engine.replace("jobs", "7", [of_principal("cook", "CAN_VIEW")], keeps_owner=True)
    held = [engine.may("jobs", "7", "app", "IS_OWNER"), engine.may("jobs", "7", "cook"), engine.may("jobs", "7", USER)]
    engine.replace("jobs", "7", [of_principal("cook", "IS_OWNER")], keeps_owner=True)
    held.append(engine.may("jobs", "7", "app"))
    store.close()
    assert held == [True, True, False, False]
