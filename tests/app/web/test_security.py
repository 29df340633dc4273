"""What the app refuses, its health check, and its OpenAPI document."""

import psycopg
import pytest
from fastapi.testclient import TestClient

from app_client import decide, fields
from refund_manager.web.rate import RateLimit
from waiting import eventually


@pytest.mark.parametrize("token", ["", "guessed"])
def test_a_form_without_the_pages_token_saves_nothing(client, token):
    client.get("/orders/AAA111")
    form = {"decision": "approve", "token": token, "key": "a-key-of-mine"}
    answer = client.post("/orders/AAA111/decision", data=form)
    assert answer.status_code == 403
    assert client.get("/api/summary").json()["decided"] == 0


def test_the_tokens_cookie_is_for_this_site_only(client):
    cookie = client.get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert "set-cookie" not in client.get("/").headers
    assert fields(client.get("/orders/AAA111").text)["token"] == client.cookies["refund_manager"]


def test_unidentified_users_cannot_write_on_databricks(make_app):
    with TestClient(make_app(None), base_url="https://refunds.databricksapps.example") as platform:
        assert decide(platform, "AAA111", "approve").status_code == 401
        assert "Secure" in platform.get("/nowhere").headers["set-cookie"]


def test_the_apps_role_reads_the_synced_table_and_writes_its_own_schema_only(client, app_conninfo):
    assert decide(client, "AAA111", "approve").status_code == 201
    for statement in (
        "UPDATE recommender.refund_recommendations SET ts = now()",
        "DELETE FROM recommender.refund_recommendations",
        "CREATE TABLE recommender.mine (n int)",
        "CREATE TABLE public.mine (n int)",
        "ALTER TABLE recommender.refund_recommendations RENAME TO x",
        "CREATE ROLE another",
        "SELECT pg_read_file('/etc/passwd')",
    ):
        with psycopg.connect(app_conninfo) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with psycopg.connect(app_conninfo) as connection:
        owned = connection.execute("SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole").fetchall()
    assert owned == [("refunds",)]


def test_a_missing_privilege_is_reported(make_app, conninfo):
    with psycopg.connect(conninfo) as connection:
        connection.execute('REVOKE SELECT ON recommender.refund_recommendations FROM "app-refund-manager"')
    with TestClient(make_app(), base_url="http://localhost") as client:
        answer = client.get("/api/health")
    assert (answer.status_code, "notebook 10" in answer.json()["detail"]) == (503, True)


def test_too_many_writes_are_refused(make_app):
    with TestClient(make_app(clock=lambda: 0.0), base_url="http://127.0.0.1") as client:
        codes = [decide(client, "ZZZ999", "approve").status_code for _ in range(70)]
        assert codes[:60] == [404] * 60
        assert codes[60:] == [429] * 10
        answer = decide(client, "AAA111", "approve")
        assert int(answer.headers["retry-after"]) == 1
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/api/summary").status_code == 200


def test_the_rate_limit_is_per_user_and_recovers_with_time():
    now = [0.0]
    limit = RateLimit(2, 0.5, lambda: now[0])
    assert [limit.take("ana"), limit.take("ana"), limit.take("ana"), limit.take("ben")] == [0, 0, 2, 0]
    now[0] = 2.0
    assert [limit.take("ana"), limit.take("ana")] == [0, 2]


def test_health_reports_the_lag_of_the_sync(client):
    assert eventually(lambda: client.get("/api/health").json()["sync"], ignoring=KeyError) == {
        "state": "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE",
        "lag_seconds": 1.5,
        "synced_at": "2026-03-01T18:00:01.500000Z",
    }


def test_the_openapi_document_has_examples(client):
    described = client.get("/api/openapi.json").json()
    paths = described["paths"]
    assert set(paths) == {
        "/api/health",
        "/api/summary",
        "/api/recommendations",
        "/api/orders/{order_id}",
        "/api/orders/{order_id}/events",
        "/api/export.csv",
        "/api/refunds",
        "/api/refunds/{order_id}/undo",
    }
    refused = paths["/api/refunds"]["post"]["responses"]["409"]["content"]["application/problem+json"]
    assert "already" in refused["example"]["detail"]
    assert described["components"]["schemas"]["RefundRequest"]["examples"]
    names = {parameter["name"] for parameter in paths["/api/recommendations"]["get"]["parameters"]}
    assert {"limit", "cursor", "city", "brand", "min_usd", "max_usd", "source", "text", "sort"} <= names


def test_pages_stay_small(client):
    assert len(client.get("/").content) < 100_000
