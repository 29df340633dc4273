"""The content types with which a body is JSON."""

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient

from local_workspace.http.bodies import Body, Name
from local_workspace.http.server import create_app

router = APIRouter()


class Thing(Body):
    name: Name


@router.post("/api/2.2/things")
def make(body: Thing) -> str:
    return body.name


@router.post("/api/2.2/kinds")
def kind(request: Request) -> str | None:
    return request.headers.get("content-type")


@router.put("/api/2.0/fs/files/{path:path}")
async def write(request: Request, path: str) -> list[str | None]:
    return [path, request.headers.get("content-type")]


@pytest.fixture
def client() -> TestClient:
    return TestClient(
        create_app(None, "t", [router]), headers={"Authorization": "Bearer t"}, base_url="http://localhost"
    )


@pytest.mark.parametrize(
    "media",
    [None, "application/x-www-form-urlencoded", "text/plain;charset=UTF-8", "APPLICATION/JSON", "application/json"],
)
def test_a_body_is_json_whatever_type_clients_give_it_by_themselves(client, media):
    answer = client.post(
        "/api/2.2/things", content=b'{"name": "soup"}', headers={"content-type": media} if media else {}
    )
    assert (answer.status_code, answer.json()) == (200, "soup")


@pytest.mark.parametrize("media", ["application/xml", "multipart/form-data; boundary=x", "image/png"])
def test_any_other_type_is_no_json(client, media):
    answer = client.post("/api/2.2/things", content=b'{"name": "soup"}', headers={"content-type": media})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_request_without_a_body_gets_no_type(client):
    assert client.post("/api/2.2/kinds").json() is None


def test_files_keep_their_type(client):
    answer = client.put("/api/2.0/fs/files/a", content=b"x", headers={"content-type": "text/plain"})
    assert answer.json() == ["a", "text/plain"]
