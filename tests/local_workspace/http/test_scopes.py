"""What an app may do with its caller's token: what its scopes open."""

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from httpx import Response

from local_workspace.http.scopes import missing
from local_workspace.http.server import create_app
from local_workspace.runtime import principals

TOKEN = "a-token"
STATEMENTS, ME = "/api/2.0/sql/statements", "/api/2.0/preview/scim/v2/Me"


@pytest.mark.parametrize(
    ("method", "path", "scopes", "needed"),
    [
        ("POST", STATEMENTS, ["sql"], None),
        ("POST", STATEMENTS, ["sql.statement-execution"], None),
        ("POST", STATEMENTS, ["sqlite"], "sql"),
        ("POST", STATEMENTS, ["sql:read"], "sql"),
        ("GET", f"{STATEMENTS}/1", ["sql:read"], None),
        ("GET", "/api/2.1/unity-catalog/tables", ["catalog.tables:read"], None),
        ("GET", "/api/2.1/unity-catalog/tables", ["sql"], "unity-catalog"),
        ("PUT", "/api/2.0/fs/files/Volumes/a/b/c/d", ["files.files"], None),
        ("POST", "/serving-endpoints/agent/invocations", ["serving.serving-endpoints"], None),
        ("GET", ME, ["iam.current-user:read"], None),
        ("PUT", "/api/2.0/permissions/jobs/7", ["iam.access-control:read"], "access-management"),
        ("POST", "/api/2.0/postgres/credentials", ["sql"], "postgres"),
        ("GET", "/api/local/health", ["sql"], "all-apis"),
        ("GET", "/api/local/health", ["all-apis"], None),
        ("GET", "/jobs", ["dashboards.genie"], "all-apis"),
    ],
)
def test_a_scope_opens_its_service(method, path, scopes, needed):
    assert missing(method, path, scopes) == needed


@pytest.fixture
def client():
    router = APIRouter()
    router.add_api_route(STATEMENTS, lambda: {}, methods=["POST"])
    router.add_api_route(ME, lambda: {})
    with TestClient(create_app(object(), TOKEN, [router]), base_url="http://localhost") as client:
        yield client


def test_the_api_refuses_what_is_beyond_the_scopes(client):
    def call(method: str, path: str, *scopes: str) -> Response:
        token = principals.access_token(TOKEN, None, scopes=scopes)
        return client.request(method, path, headers={"Authorization": f"Bearer {token}"})

    assert call("POST", STATEMENTS, "sql", "iam.current-user:read").status_code == 200
    assert call("POST", STATEMENTS).status_code == 200
    refused = call("POST", STATEMENTS, "iam.current-user:read")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert refused.json()["message"] == "Provided OAuth token does not have required scopes: sql"


def test_a_token_with_scopes_is_no_password_of_postgres():
    limited, whole = (principals.access_token(TOKEN, None, scopes=scopes) for scopes in (["sql"], []))
    assert [principals.role_of(TOKEN, "me", principals.UNLISTED, token) for token in (limited, whole)] == [None, "me"]


def test_scopes_that_were_changed_make_a_token_worthless():
    holder, ends, signature = principals.access_token(TOKEN, "app-a", scopes=["files.files"]).split(".")
    assert principals.access(TOKEN, f"{holder}.{ends}.{signature}").scopes == {"files.files"}
    assert principals.access(TOKEN, f"{holder.partition('!')[0]}.{ends}.{signature}") is None
