"""Users, service principals and groups, with the SDK."""

from types import SimpleNamespace

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.service.iam import ComplexValue, ListSortOrder, Name, Patch, PatchOp, PatchSchema

from asgi_server import Served
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.http.server import create_app
from local_workspace.routes import identity, permissions, scim, sign_in
from local_workspace.runtime import principals
from local_workspace.runtime.store import Store
from people import identity_of

TOKEN, OWNER, APP = "a-token", "you@localhost", "app-desk"
ANA, BO = "ana@example.com", "bo@example.com"
SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


@pytest.fixture
def place(tmp_path):
    """A workspace of people: its `host`, the engine, and `client(token)`."""
    store = Store(tmp_path / "workspace.db")
    engine = identity_of(store, OWNER, APP)
    engines = SimpleNamespace(
        user=OWNER, identity=engine, permissions=PermissionsEngine(store, OWNER, {}, engine.is_known)
    )
    app = create_app(engines, TOKEN, [each.router for each in (identity, scim, sign_in, permissions)])
    with Served(app) as host:
        yield SimpleNamespace(
            store=store,
            engine=engine,
            host=host,
            client=lambda token: WorkspaceClient(
                config=Config(host=host, token=token, auth_type="pat", retry_timeout_seconds=5)
            ),
        )
    store.close()


@pytest.fixture
def w(place):
    return place.client(TOKEN)


def as_user(place, user) -> WorkspaceClient:
    return place.client(principals.access_token(TOKEN, principals.of_user(user.id)))


def groups(person) -> list[str]:
    return [group.display for group in person.groups]


def test_a_user_is_made_found_changed_and_deleted(w):
    made = w.users.create(user_name=ANA, display_name="Ana", name=Name(given_name="Ana", family_name="Ek"))
    assert (made.user_name, made.active, made.emails[0].value, groups(made)) == (ANA, True, ANA, ["users"])
    assert w.users.get(made.id).as_dict() == made.as_dict()
    assert [user.user_name for user in w.users.list(filter=f'userName eq "{ANA}"')] == [ANA]
    rename = Patch(op=PatchOp.REPLACE, path="displayName", value="Ana E.")
    w.users.patch(made.id, operations=[rename], schemas=SCHEMAS)
    assert w.users.get(made.id).display_name == "Ana E."
    w.users.update(made.id, user_name=ANA, external_id="e-1")
    replaced = w.users.get(made.id)
    assert (replaced.display_name, replaced.external_id, replaced.name) == (ANA, "e-1", None)
    w.users.delete(made.id)
    assert [user.user_name for user in w.users.list()] == [OWNER]


def test_listings_have_pages_an_order_and_attributes(w, place):
    for name in (BO, ANA, "cy@example.com"):
        w.users.create(user_name=name)
    descending = w.users.list(sort_by="userName", sort_order=ListSortOrder.DESCENDING, count=2)
    assert [user.user_name for user in descending] == [OWNER, "cy@example.com", BO, ANA]
    page = w.api_client.do("GET", "/api/2.0/preview/scim/v2/Users", query={"startIndex": 2, "count": 2})
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (4, 2, 2)
    assert [user["userName"] for user in page["Resources"]] == [BO, ANA]
    (only,) = w.users.list(filter=f"userName eq {BO}", attributes="displayName")
    assert (only.display_name, only.user_name) == (BO, None)


def test_a_service_principal_gets_an_application_id(w):
    made = w.service_principals.create(
        display_name="exporter", entitlements=[ComplexValue(value="databricks-sql-access")]
    )
    assert len(made.application_id) == 36 and made.active and groups(made) == ["users"]
    found = list(w.service_principals.list(filter='displayName eq "exporter"'))
    assert [each.application_id for each in found] == [made.application_id]
    add = Patch(op=PatchOp.ADD, path="entitlements", value=[{"value": "workspace-access"}])
    w.service_principals.patch(made.id, operations=[add], schemas=SCHEMAS)
    w.service_principals.update(made.id, display_name="importer", application_id=made.application_id)
    changed = w.service_principals.get(made.id)
    assert (changed.display_name, changed.entitlements) == ("importer", [])
    w.service_principals.delete(made.id)
    with pytest.raises(NotFound, match=f"Service principal with id {made.id} not found"):
        w.service_principals.get(made.id)


def test_apps_have_service_principals_that_can_not_be_changed(w):
    (found,) = w.service_principals.list()
    assert found.application_id == APP
    with pytest.raises(BadRequest, match="of an app and can't be changed"):
        w.service_principals.delete(found.id)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda w: w.users.create(user_name=BO.upper()), ResourceConflict, "already exists"),
        (lambda w: w.users.create(user_name="bo"), BadRequest, "e-mail address"),
        (lambda w: w.users.create(user_name="../bo@example.com"), BadRequest, "without '/'"),
        (lambda w: w.users.create(user_name=f"{'ö' * 120}@example.com"), BadRequest, "at most 249 bytes"),
        (lambda w: w.users.create(), BadRequest, "userName is missing"),
        (lambda w: w.users.create(user_name=ANA, roles=[ComplexValue(value="r")]), BadRequest, "roles"),
        (lambda w: w.users.create(user_name=ANA, groups=[ComplexValue(value="5")]), BadRequest, "Group with id 5"),
        (lambda w: w.users.create(user_name=ANA, entitlements=[ComplexValue(value="x")]), BadRequest, "entitlement"),
        (lambda w: w.users.get("5"), NotFound, "User with id 5 not found"),
        (lambda w: w.users.delete("1"), BadRequest, "own user and can't be changed"),
        (lambda w: w.service_principals.create(), BadRequest, "displayName is missing"),
        (lambda w: w.service_principals.create(application_id="a"), BadRequest, "applicationId can't be specified"),
        (lambda w: w.users.patch("1", operations=[Patch(op=PatchOp.ADD, path="x")]), BadRequest, "can't be changed"),
        (lambda w: list(w.users.list(filter="userName pr")), BadRequest, "not supported"),
        (lambda w: w.groups.get("5"), NotFound, "Group with id 5 not found"),
        (lambda w: w.groups.create(display_name="cooks"), DatabricksError, "use GET"),
    ],
)
def test_what_is_refused(w, call, error, told):
    w.users.create(user_name=BO)
    with pytest.raises(error, match=told):
        call(w)


def test_an_error_has_the_form_of_scim(w, place):
    from httpx import Client

    with Client(base_url=place.host, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        answer = http.get("/api/2.0/preview/scim/v2/Users/5")
        assert (answer.status_code, answer.json()) == (
            404,
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "detail": "User with id 5 not found.",
                "status": "404",
            },
        )
        refused = http.get("/api/2.0/preview/scim/v2/Users", params={"filter": "x"})
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidFilter")
        assert "x-request-id" in refused.headers
    with pytest.raises(NotFound) as failed:
        w.users.get("5")
    assert failed.value.error_code == "SCIM_404"


def test_a_user_is_no_admin_and_sees_ids_and_names_only(w, place):
    ana = w.users.create(user_name=ANA, display_name="Ana")
    theirs = as_user(place, ana)
    me = theirs.current_user.me()
    assert (me.user_name, me.id, groups(me)) == (ANA, ana.id, ["users"])
    assert {(user.display_name, user.user_name) for user in theirs.users.list()} == {("Ana", None), (OWNER, None)}
    assert [(group.display_name, group.members) for group in theirs.groups.list()] == [("users", []), ("admins", [])]
    for refused in (
        lambda: theirs.users.create(user_name=BO),
        lambda: theirs.users.delete("1"),
        lambda: theirs.service_principals.create(display_name="x"),
        lambda: theirs.groups.patch(next(theirs.groups.list(filter="displayName eq admins")).id, operations=[]),
        lambda: theirs.api_client.do("POST", "/api/local/sign-in-codes"),
    ):
        with pytest.raises(PermissionDenied, match=f"Only workspace admins can do this, and {ANA} is none"):
            refused()


def test_who_is_put_into_admins_is_one(w, place):
    ana = w.users.create(user_name=ANA)
    (admins,) = w.groups.list(filter='displayName eq "admins"')
    assert [member.display for member in admins.members] == [OWNER]
    w.groups.patch(admins.id, operations=[Patch(op=PatchOp.ADD, value={"members": [{"value": ana.id}]})])
    assert [member.display for member in w.groups.get(admins.id).members] == [OWNER, ANA]
    theirs = as_user(place, ana)
    assert groups(theirs.current_user.me()) == ["users", "admins"]
    theirs.users.create(user_name=BO)
    w.groups.patch(admins.id, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{ana.id}"]')])
    with pytest.raises(PermissionDenied):
        theirs.users.create(user_name="cy@example.com")
    (users,) = w.groups.list(filter='displayName eq "users"')
    assert {member.display for member in users.members} == {OWNER, ANA, BO, APP}
    with pytest.raises(BadRequest, match="Everybody is in the group users"):
        w.groups.patch(users.id, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{ana.id}"]')])


def test_tokens_end_with_the_user_and_not_with_the_service(w, place):
    ana = w.users.create(user_name=ANA)
    theirs = as_user(place, ana)
    assert identity_of(place.store, OWNER).name_of(principals.of_user(ana.id)) == ANA  # as after a restart
    w.users.patch(ana.id, operations=[Patch(op=PatchOp.REPLACE, path="active", value="false")])
    with pytest.raises(DatabricksError, match="Wrong or missing token"):
        theirs.current_user.me()
    w.users.patch(ana.id, operations=[Patch(op=PatchOp.REPLACE, path="active", value="true")])
    assert theirs.current_user.me().user_name == ANA
    w.users.delete(ana.id)
    w.users.create(user_name=ANA)  # another person with the same address
    with pytest.raises(DatabricksError, match="Wrong or missing token"):
        theirs.current_user.me()
