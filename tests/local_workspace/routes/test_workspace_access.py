"""Who may see, change and make folders, notebooks and files: those with permission on them, or on a folder above."""

import base64
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.workspace import KINDS, WorkspaceFiles
from local_workspace.http.server import create_app
from local_workspace.routes import permissions, workspace
from local_workspace.runtime import principals
from local_workspace.runtime.home import open_home
from local_workspace.runtime.store import Store
from people import identity_of
from principal_clients import clients_of

TOKEN, USER = "t", "you@localhost"
API = "/api/2.0/workspace"


@pytest.fixture
def client(tmp_path) -> Iterator[Callable[[str], TestClient]]:
    home = open_home(tmp_path / "home")
    store = Store(home.database)
    files, identity = WorkspaceFiles(home), identity_of(store, USER, "cook", "waiter")
    found = {kind: lambda object_id, word=word: files.find(object_id, word) for word, kind in KINDS.items()}
    engine = PermissionsEngine(store, USER, found, identity.is_known, files.places_of)
    engines = SimpleNamespace(workspace_files=files, permissions=engine, identity=identity, user=USER)
    yield clients_of(create_app(engines, TOKEN, [workspace.router, permissions.router]))
    store.close()


@pytest.fixture
def admin(client) -> TestClient:
    return client(TOKEN)


@pytest.fixture
def cook(client) -> TestClient:
    return client(principals.access_token(TOKEN, "cook"))


@pytest.fixture
def waiter(client) -> TestClient:
    return client(principals.access_token(TOKEN, "waiter"))


def put(who: TestClient, path: str, text: str = "x") -> int:
    body = {"path": path, "content": base64.b64encode(text.encode()).decode(), "format": "AUTO", "overwrite": True}
    return who.post(f"{API}/import", json=body).status_code


def mkdirs(who: TestClient, path: str) -> int:
    return who.post(f"{API}/mkdirs", json={"path": path}).status_code


def delete(who: TestClient, path: str) -> int:
    return who.post(f"{API}/delete", json={"path": path, "recursive": True}).status_code


def export(who: TestClient, path: str) -> int:
    return who.get(f"{API}/export", params={"path": path}).status_code


def status(who: TestClient, path: str) -> int:
    return who.get(f"{API}/get-status", params={"path": path}).status_code


def listed(who: TestClient, path: str) -> list[str]:
    return [each["path"] for each in who.get(f"{API}/list", params={"path": path}).json()["objects"]]


def of(admin: TestClient, path: str) -> str:
    """The path of the permissions on what is at a path."""
    found = admin.get(f"{API}/get-status", params={"path": path}).json()
    return f"/api/2.0/permissions/{KINDS[found['object_type']]}/{found['object_id']}"


def grant(admin: TestClient, path: str, name: str, level: str) -> None:
    entry = {"service_principal_name": name, "permission_level": level}
    answer = admin.patch(of(admin, path), json={"access_control_list": [entry]})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def menu(admin) -> str:
    """A file in a folder of the administrators'."""
    assert (mkdirs(admin, "/Kitchen/menus"), put(admin, "/Kitchen/menus/today.txt")) == (200, 200)
    return "/Kitchen/menus/today.txt"


@pytest.mark.parametrize("where", ["/Kitchen", "/Kitchen/menus", "/Kitchen/menus/today.txt"])
@pytest.mark.parametrize(
    ("level", "answers"),
    [
        (None, [403, 403, 403, 403]),
        ("CAN_READ", [200, 200, 403, 403]),
        ("CAN_RUN", [200, 200, 403, 403]),
        ("CAN_EDIT", [200, 200, 200, 403]),
        ("CAN_MANAGE", [200, 200, 200, 200]),
    ],
)
def test_a_level_on_a_file_or_a_folder_above_it_allows_what_it_says(admin, cook, menu, where, level, answers) -> None:
    if level:
        grant(admin, where, "cook", level)
    assert [status(cook, menu), export(cook, menu), put(cook, menu, "y"), delete(cook, menu)] == answers


def test_who_manages_a_folder_makes_things_in_it(admin, cook, menu) -> None:
    grant(admin, menu, "cook", "CAN_MANAGE")
    grant(admin, "/Kitchen", "cook", "CAN_EDIT")
    assert [put(cook, "/Kitchen/menus/b.txt"), mkdirs(cook, "/Kitchen/c"), mkdirs(cook, "/Kitchen")] == [403, 403, 200]
    grant(admin, "/Kitchen", "cook", "CAN_MANAGE")
    assert [put(cook, "/Kitchen/menus/b.txt"), mkdirs(cook, "/Kitchen/c")] == [200, 200]


def test_a_home_is_its_users_the_shared_folder_is_everybodys_and_the_root_the_administrators(cook, waiter) -> None:
    assert [mkdirs(cook, "/Users/cook/.bundle/a"), mkdirs(cook, "/Shared/all"), mkdirs(cook, "/Own")] == [200, 200, 403]
    assert [put(cook, "/Users/cook/.bundle/a/f"), put(cook, "/Shared/all/f")] == [200, 200]
    assert [status(waiter, "/Users/cook"), export(waiter, "/Users/cook/.bundle/a/f")] == [403, 403]
    assert [export(waiter, "/Shared/all/f"), delete(waiter, "/Shared/all")] == [200, 200]
    assert (listed(cook, "/Users"), listed(waiter, "/Users")) == (["/Users/cook"], [])


def test_a_list_has_what_one_may_see_with_the_folders_that_lead_there(admin, cook, menu) -> None:
    put(admin, "/Kitchen/menus/other.txt")
    always = ["/Shared", "/Users"]
    assert (listed(cook, "/"), listed(cook, "/Kitchen")) == (always, [])
    grant(admin, menu, "cook", "CAN_READ")
    assert (listed(cook, "/"), listed(cook, "/Kitchen/menus")) == (["/Kitchen", *always], [menu])
    assert [status(cook, "/Kitchen"), export(cook, "/Kitchen/menus/other.txt")] == [200, 403]


def test_who_makes_something_manages_it_also_when_the_folder_is_not_its_own_any_more(admin, cook, menu) -> None:
    grant(admin, "/Kitchen", "cook", "CAN_MANAGE")
    put(cook, "/Kitchen/menus/mine.txt")
    admin.put(of(admin, "/Kitchen"), json={"access_control_list": []})
    assert [delete(cook, "/Kitchen/menus/mine.txt"), delete(cook, menu)] == [200, 403]


def test_permissions_end_with_what_they_are_on(admin, cook, menu) -> None:
    grant(admin, menu, "cook", "CAN_READ")
    assert delete(admin, "/Kitchen") == 200
    assert (mkdirs(admin, "/Kitchen/menus"), put(admin, menu)) == (200, 200)
    assert export(cook, menu) == 403


def test_inherited_permissions_are_shown_as_such_to_those_who_manage(admin, cook, menu) -> None:
    grant(admin, "/Kitchen", "cook", "CAN_RUN")
    grant(admin, menu, "cook", "CAN_EDIT")
    folder = of(admin, "/Kitchen").removeprefix("/api/2.0/permissions")
    rows = admin.get(of(admin, menu)).json()["access_control_list"]
    [held] = [row["all_permissions"] for row in rows if row.get("service_principal_name") == "cook"]
    assert held == [
        {"permission_level": "CAN_EDIT", "inherited": False},
        {"permission_level": "CAN_RUN", "inherited": True, "inherited_from_object": [folder]},
    ]
    assert cook.get(of(admin, menu)).status_code == 403
    grant(admin, "/Kitchen", "cook", "CAN_MANAGE")
    assert cook.get(of(admin, menu)).status_code == 200


def test_a_grant_on_the_shared_folder_leaves_it_everybodys(admin, cook, waiter) -> None:
    assert mkdirs(cook, "/Shared") == 200
    grant(admin, "/Shared", "cook", "CAN_READ")
    assert put(waiter, "/Shared/f") == 200


def test_a_refusal_names_what_is_missing(cook, menu) -> None:
    answer = cook.get(f"{API}/export", params={"path": menu})
    assert answer.json() == {
        "error_code": "PERMISSION_DENIED",
        "message": f"cook does not have View permissions on {menu}. "
        "Please contact the owner or an administrator for access.",
    }


def test_what_is_not_there_is_not_found(cook) -> None:
    assert [status(cook, "/Users/cook/none"), delete(cook, "/Users/cook/none")] == [404, 404]


def test_the_folders_that_are_always_there_need_not_be_made(cook) -> None:
    assert [mkdirs(cook, path) for path in ("/", "/Users", "/Shared")] == [200, 200, 200]
    assert [status(cook, path) for path in ("/", "/Users", "/Shared")] == [200, 200, 200]
    assert listed(cook, "/Shared") == []
