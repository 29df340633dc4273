import errno
from typing import Annotated

import pytest
from fastapi import APIRouter, Path, Request
from fastapi.testclient import TestClient

from local_workspace.http.bodies import Body, Name, PathText
from local_workspace.http.paging import Offset, PageToken, page
from local_workspace.http.server import create_app

TOKEN = "a-token"
router = APIRouter()


class Task(Body):
    key: Name
    retries: int = 0


class Settings(Body):
    name: Name
    path: PathText = "/"
    tasks: list[Task] = []


@router.post("/settings")
def settings(body: Settings) -> dict[str, object]:
    return body.sent()


@router.get("/numbers/{most}")
def numbers(
    request: Request, most: Annotated[int, Path(ge=1)], limit: int, page_token: PageToken = "", offset: Offset = 0
) -> dict[str, object]:
    items, following = page(request, range(most), limit, page_token, offset)
    return {"items": list(items), "next": following}


@router.get("/broken")
def broken() -> None:
    raise KeyError("a secret")


@router.get("/full")
def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/home/a-secret")


@pytest.fixture
def client():
    app = create_app(object(), TOKEN, [router])
    with TestClient(
        app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, raise_server_exceptions=False
    ) as client:
        yield client


def refusal(answer) -> tuple[int, str, str]:
    assert answer.json().keys() == {"error_code", "message"}
    return answer.status_code, answer.json()["error_code"], answer.json()["message"]


def test_a_body_keeps_what_it_does_not_know_and_gains_no_defaults(client):
    sent = {"name": "n", "tags": {"a": [1, None]}, "tasks": [{"key": "k", "other": 1.5}]}
    assert client.post("/settings", json=sent).json() == sent


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "name is missing."),
        ({"name": 5, "tasks": "x"}, "name: input should be a valid string; it was 5."),
        ({"name": "n", "tasks": "x"}, "tasks: input should be a valid list; it was 'x'."),
        ({"name": "n", "tasks": [{"key": None}]}, "tasks.0.key: input should be a valid string; it was None."),
        ({"name": "a\0b"}, r"name: should have no NUL character; it was 'a\x00b'."),
        ({"name": "n", "path": "/a/" + "x" * 3000}, "path: should have no name longer than 255 bytes; it was '/a/xxx"),
        ({"name": ""}, "name: string should have at least 1 character; it was ''."),
        ([], "The request's body: input should be a valid dictionary"),
    ],
)
def test_a_refused_body_names_the_field_what_it_should_be_and_what_it_was(client, body, message):
    status, code, said = refusal(client.post("/settings", json=body))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message in said and len(said) < 250


@pytest.mark.parametrize("value", ["NaN", "Infinity", r'"\ud800"', "[" * 70 + "]" * 70, '{"a":' * 70 + "1" + "}" * 70])
def test_what_could_not_be_stored_or_sent_back_is_refused_wherever_it_is(client, value):
    content = f'{{"name": "n", "tags": {{"a": [{value}]}}}}'
    status, code, message = refusal(
        client.post("/settings", content=content, headers={"content-type": "application/json"})
    )
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "should " in message


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_no_json_is_malformed(client, content):
    answer = client.post("/settings", content=content, headers={"content-type": "application/json"})
    status, code, _ = refusal(answer)
    assert status == 400
    assert code == ("INVALID_PARAMETER_VALUE" if not content else "MALFORMED_REQUEST")


def test_unknown_routes_and_methods_are_named(client):
    assert refusal(client.get("/nowhere"))[:2] == (404, "ENDPOINT_NOT_FOUND")
    assert "GET /nowhere" in client.get("/nowhere").json()["message"]
    status, code, message = refusal(client.delete("/settings"))
    assert (status, code) == (405, "METHOD_NOT_ALLOWED")
    assert "use POST" in message


def test_a_mistake_of_the_workspace_is_an_internal_error_without_its_details(client):
    status, code, message = refusal(client.get("/broken"))
    assert (status, code) == (500, "INTERNAL_ERROR")
    assert "KeyError" in message and "a secret" not in message


def test_pages_follow_their_tokens_to_the_end(client):
    seen, token = [], ""
    while token is not None:
        answer = client.get("/numbers/5", params={"limit": 2, "page_token": token}).json()
        seen.append(answer["items"])
        token = answer["next"]
    assert seen == [[0, 1], [2, 3], [4]]
    assert client.get("/numbers/5", params={"limit": 2, "offset": 4}).json() == {"items": [4], "next": None}


def test_only_a_token_of_the_same_listing_is_taken(client):
    token = client.get("/numbers/5", params={"limit": 2}).json()["next"]
    assert client.get("/numbers/6", params={"limit": 2, "page_token": token}).status_code == 400
    for strange in ("2", "x", "ä", token[:-2], token + "A", "MiAw", "=" * 9):
        status, code, message = refusal(client.get("/numbers/5", params={"limit": 2, "page_token": strange}))
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert message.startswith("page_token: ")


def test_the_openapi_document_wants_the_token_and_has_no_422(client):
    document = client.get("/api/local/openapi.json").json()
    assert {"200", "default"} == document["paths"]["/settings"]["post"]["responses"].keys()
    assert client.get("/api/local/openapi.json", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/api/2.1/clusters/create", "has no clusters"),
        ("/api/2.0/lakeview/dashboards", "has no dashboards"),
        ("/api/2.1/unity-catalog/external-locations/a", "has no cloud storage"),
        ("/api/2.0/mlflow/unity-catalog/prompts/search", "has no prompt registry"),
        ("/api/2.1/jobs/run-now", "use /api/2.2/jobs/run-now"),
        ("/api/2.0/genies", "does not have it"),
        ("/nowhere", "does not have it"),
    ],
)
def test_an_unknown_path_is_refused_and_a_service_of_databricks_by_its_name(client, path, advice):
    status, code, said = refusal(client.post(path))
    assert (status, code) == (404, "ENDPOINT_NOT_FOUND")
    assert said.startswith(f"No API found for 'POST {path}'. A local workspace ") and advice in said


def test_a_full_disk_is_no_internal_error(client):
    assert refusal(client.get("/full")) == (
        507,
        "RESOURCE_EXHAUSTED",
        "The disk of the workspace's home is full: make room, then repeat.",
    )
