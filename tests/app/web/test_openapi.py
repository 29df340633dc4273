"""The app's OpenAPI document is complete, and no generated request gets a 5xx or hangs."""

import base64

import pytest
import requests
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient

from api_fuzzing import Target, ask_oddly, fuzz
from asgi_server import Served
from refund_manager.web import api
from refund_manager.web.pages import bulk, complaints, orders, queue

pytestmark = pytest.mark.slow

PAGES = (queue, orders, bulk, complaints)
PLATFORM = {"X-Forwarded-Email": "ben@example.com"}
REFUSALS = {"400", "401", "403", "404", "409", "422", "429", "503"}


def is_of(answer, kind):
    return answer.headers["content-type"] in (kind, [kind])  # Schemathesis has a list per header


def is_problem(answer):
    """Whether a refusal consists of problem details with its status and a sentence."""
    problem = answer.json()
    return (
        is_of(answer, "application/problem+json")
        and problem["status"] == answer.status_code
        and " " in problem["detail"].removeprefix(problem["title"])
    )


def is_page(answer):
    """Whether a refusal is an HTML page of the app."""
    return is_of(answer, "text/html; charset=utf-8") and "Refund Manager" in answer.text


def target(host, identity=None, **options):
    known = {"order_id": "AAA111", "complaint_id": "c-1"}
    options = {"explained": is_problem, **options}
    return Target(host, identity or {}, examples=8, known=known, document_path="/api/openapi.json", **options)


def make(make_app, user):
    return make_app(user, clock=iter(range(1_000_000)).__next__)  # a second per call, so the rate limit never refuses


@pytest.mark.parametrize(("user", "identity"), [("ana", {}), (None, PLATFORM), (None, {})])
def test_no_request_to_the_api_fails_or_hangs(make_app, user, identity):
    with Served(make(make_app, user)) as host:
        failures, called = fuzz(target(host, identity))
    assert not failures, "\n".join(failures)
    assert {"POST /api/refunds", "GET /api/export.csv", "POST /api/refunds/{order_id}/undo"} <= called


def test_no_request_to_the_pages_fails_or_hangs(make_app, with_complaints, monkeypatch):
    app, routes = make(make_app, "ana"), [route for module in PAGES for route in module.router.routes]
    for route in routes:
        monkeypatch.setattr(route, "include_in_schema", True)
    document = get_openapi(title="Pages", version="1", routes=routes)
    with Served(app) as host:
        with_complaints(app)
        failures, called = fuzz(target(host, explained=is_page, conformance=()), document)
    assert not failures, "\n".join(failures)
    assert {"GET /", "GET /complaints", "POST /orders/{order_id}/decision"} <= called


def test_odd_methods_and_paths_are_refused_with_a_reason(make_app):
    paths = {"paths": [route.path for module in (api, *PAGES) for route in module.router.routes]}
    with Served(make_app()) as host:
        failures = ask_oddly(target(host, explained=lambda answer: is_page(answer) or is_problem(answer)), paths)
    assert not failures, "\n".join(failures)


def test_an_unknown_path_and_a_wrong_method_are_named(client):
    assert client.get("/api/nowhere").json()["detail"] == "There is nothing at /api/nowhere."
    assert "There is nothing at /nowhere." in client.get("/nowhere").text
    refused = client.put("/api/summary")
    assert (refused.json()["detail"], refused.headers["allow"]) == ("PUT is not allowed at /api/summary.", "GET")


def test_the_document_names_every_route_of_the_api_and_its_problems(make_app):
    document = make_app().openapi()
    assert set(document["paths"]) == {route.path for route in api.router.routes}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refused = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
            assert {"400", "503"} <= set(refused) <= REFUSALS, path
            assert method == "get" or refused.keys() >= {"401", "403", "409", "429"}, path
            for answer in refused.values():
                ((media, content),) = answer["content"].items()
                assert media == "application/problem+json" and {"status", "detail"} <= set(
                    content["schema"]["required"]
                )


def test_every_reference_in_the_document_resolves(make_app):
    document = make_app().openapi()
    found, pending = [], [document]
    while pending:
        item = pending.pop()
        pending += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
        if isinstance(item, dict) and isinstance(item.get("$ref"), str):
            found.append(item["$ref"])
    assert found and {ref.removeprefix("#/components/schemas/") for ref in found} <= set(
        document["components"]["schemas"]
    )


def cursor(*parts):
    return base64.urlsafe_b64encode(" ".join(parts).encode()).decode()


@pytest.mark.parametrize("field", ["city", "brand", "text"])
def test_a_filter_with_nul_is_422(client, field):
    for path in ("/api/recommendations", "/api/export.csv", "/", "/bulk", "/new", "/overview", "/orders/AAA111"):
        if path == "/overview" and field == "text":
            continue  # the overview has no such filter
        answer = client.get(path, params={"since": 0, field: "a\0b"})
        assert answer.status_code == 422 and f"{field}: must not contain a NUL character" in answer.text, path


def test_a_reason_with_nul_is_422(client):
    answer = client.post("/api/refunds", json={"order_id": "AAA111", "decision": "deny", "reason": "a\0b"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")


def test_a_cursor_that_postgres_cannot_compare_is_422(client):
    for parts in (
        ("amount", "1e999999999", "AAA111"),
        ("amount", "9" * 3000, "AAA111"),
        ("amount", "NaN", "AAA111"),
        ("minutes", "1e140000", "AAA111"),
        ("minutes", "5", "a\0b"),
        ("newest", "0001-01-01T00:00:00+23:59", "AAA111"),
        ("newest", "9999-12-31T23:59:59-23:59", "AAA111"),
        ("oldest", "2026-01-01", "a\0b"),
    ):
        for path in ("/api/recommendations", "/"):
            answer = client.get(path, params={"sort": parts[0], "cursor": cursor(*parts)})
            assert answer.status_code == 422 and "not a cursor of this list" in answer.text, parts


@pytest.mark.parametrize("key", ["1e-999999", "1_0", "7.10"])
def test_an_unusual_but_valid_cursor_is_accepted(client, key):
    answer = client.get("/api/recommendations", params={"sort": "amount", "cursor": cursor("amount", key, "AAA111")})
    assert answer.status_code == 200


@pytest.mark.parametrize("parts", [("9" * 30, "2026-01-01", "c-1"), ("1", "2026-01-01", "a\0b")])
def test_a_complaints_cursor_is_checked_too(make_app, with_complaints, parts):
    app = make_app()
    with TestClient(app, base_url="http://127.0.0.1") as client:
        with_complaints(app)
        assert client.get("/complaints", params={"cursor": cursor(*parts)}).status_code == 422


def test_an_arrival_number_too_large_for_postgres_is_422(client):
    assert client.get("/new", params={"since": 2**63}).status_code == 422


@pytest.mark.parametrize(("path", "is_expected"), [("/api/summary", is_problem), ("/", is_page)])
def test_an_unexpected_error_is_reported_like_any_other(make_app, monkeypatch, path, is_expected):
    app = make_app()
    monkeypatch.setattr(app.state.refunds, "summary", lambda: 1 / 0)
    with Served(app) as host:
        answer = requests.get(f"{host}{path}", timeout=20)
    assert answer.status_code == 500 and "Its log has the details" in answer.text and is_expected(answer)
