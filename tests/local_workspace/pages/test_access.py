from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from fastapi.testclient import TestClient

from local_workspace.http.server import create_app
from local_workspace.http.sessions import CODE_SECONDS, Sessions
from local_workspace.http.sites import local_path
from local_workspace.pages import site
from local_workspace.pages.navigation import GROUPS
from local_workspace.routes import sign_in
from local_workspace.runtime import principals

TOKEN = "a-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
HTML = {"Accept": "text/html"}
HOST = "http://127.0.0.1:8080"


@pytest.fixture
def app():
    app = create_app(object(), TOKEN, [sign_in.router])
    site.install(app)
    return app


@pytest.fixture
def browser(app):
    """A client that keeps cookies and asks for pages."""
    with TestClient(app, base_url=HOST, headers=HTML, follow_redirects=False) as client:
        yield client


def code(app) -> str:
    with TestClient(app, base_url=HOST, headers=BEARER) as program:
        return program.post("/api/local/sign-in-codes").json()["code"]


@pytest.fixture
def signed_in(app, browser):
    assert browser.get(f"/login?code={code(app)}").status_code == 303
    return browser


def test_a_code_becomes_a_cookie_and_leads_to_the_page(app, browser):
    answer = browser.get("/login", params={"code": code(app), "next": "/compute?tab=logs"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/compute?tab=logs")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert browser.get("/nowhere").status_code == 404


def test_a_code_is_taken_once(app, browser):
    once = code(app)
    assert browser.get(f"/login?code={once}").status_code == 303
    browser.cookies.clear()
    again = browser.get(f"/login?code={once}")
    assert again.status_code == 401 and "has been used before" in again.text and "set-cookie" not in again.headers


def test_codes_expire():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    early, late = sessions.new_code(), sessions.new_code()
    now[0] = CODE_SECONDS - 1
    assert sessions.redeem(early)
    now[0] = CODE_SECONDS
    assert sessions.redeem(late) is None


def test_only_the_newest_codes_wait():
    sessions = Sessions()
    codes = [sessions.new_code() for _ in range(1001)]
    assert sessions.redeem(codes[0]) is None and sessions.redeem(codes[1])


def test_without_a_session_a_browser_learns_how_to_sign_in(browser):
    answer = browser.get("/jobs/7?tab=runs")
    assert answer.status_code == 401 and "www-authenticate" not in answer.headers
    assert "-m local_workspace open" in answer.text and 'value="/jobs/7?tab=runs"' in answer.text


def test_a_part_of_a_page_whose_session_has_ended_loads_the_page(browser):
    assert browser.get("/jobs/7/live", headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"


def test_a_link_on_another_sites_page_is_followed_once_more_from_here(browser):
    answer = browser.get("/jobs", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text


def test_signing_out_ends_the_session(signed_in):
    held = dict(signed_in.cookies)
    assert signed_in.post("/logout", headers={"Origin": HOST}).headers["location"] == "/login"
    signed_in.cookies.update(held)
    assert signed_in.get("/").status_code == 401


def test_a_program_without_a_token_gets_json_and_may_use_basic(browser):
    answer = browser.get("/api/2.2/jobs/list", headers={"Accept": "*/*"})
    assert answer.json()["error_code"] == "UNAUTHENTICATED" and "Basic" in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:8081"},  # an app's page: its port has the same cookies
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_page_can_change_nothing(signed_in, headers):
    assert signed_in.post("/logout", headers=headers).status_code == 403
    assert signed_in.post("/api/local/sign-in-codes", headers=headers).status_code == 403
    with_password = signed_in.post("/api/local/sign-in-codes", headers=headers, auth=("you", TOKEN))
    assert with_password.status_code == 403


def test_another_sites_page_cannot_read_the_api_with_the_cookie(signed_in):
    for headers in ({"Origin": "http://127.0.0.1:8081"}, {"Sec-Fetch-Site": "same-site"}):
        assert signed_in.get("/api/local/openapi.json", headers=headers).status_code == 401
    assert signed_in.get("/api/local/openapi.json", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", "169.254.1.1:8080"])
def test_another_host_name_is_refused_whoever_asks(app, signed_in, host):
    assert signed_in.get("/", headers={"Host": host}).status_code == 400
    assert signed_in.get("/static/style.css", headers={"Host": host}).status_code == 400
    assert signed_in.get("/api/local/openapi.json", headers=BEARER | {"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/\t/evil.example",
        "",
    ],
)
def test_a_sign_in_leads_nowhere_else(app, browser, elsewhere):
    assert local_path(elsewhere) == "/"
    answer = browser.get("/login", params={"code": code(app), "next": elsewhere})
    assert answer.headers["location"] == "/"


def test_a_service_principal_gets_no_code(app):
    theirs = principals.access_token(TOKEN, principals.service_principal("app"))
    with TestClient(app, base_url=HOST, headers={"Authorization": f"Bearer {theirs}"}) as program:
        assert program.post("/api/local/sign-in-codes").status_code == 403


def test_nothing_but_the_sign_in_and_its_looks_is_open(browser):
    paths = [section.path for _, sections in GROUPS for section in sections]
    assert {browser.get(path).status_code for path in [*paths, "/logout", "/nowhere", "/mlflow/"]} == {401}
    assert {browser.get(f"/static/{name}").status_code for name in ("style.css", "app.js", "icon.svg")} == {200}


def test_a_missing_page_is_a_page_that_says_so(signed_in):
    answer = signed_in.get("/nowhere")
    assert answer.status_code == 404 and "The workspace has no page /nowhere." in answer.text
    assert signed_in.get("/api/nowhere").json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_pages_run_and_frame_nothing_of_others(signed_in):
    policy = signed_in.get("/nowhere").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy


def test_the_workspace_signs_a_browser_in_to_its_apps(app, signed_in):
    app.state.engines = SimpleNamespace(apps=SimpleNamespace(get=lambda _: {"url": "http://127.0.0.1:9123"}))
    answer = signed_in.get("/login/app", params={"name": "desk", "next": "/orders?x=1"})
    address, _, query = answer.headers["location"].partition("?")
    values = parse_qs(query)
    assert (address, values["next"]) == ("http://127.0.0.1:9123/.auth/callback", ["/orders?x=1"])
    session = app.state.sessions.redeem(values["code"][0], "desk")
    assert app.state.sessions.find(session, "desk") and not app.state.sessions.find(session)
    signed_in.post("/logout")
    assert not app.state.sessions.find(session, "desk")


def test_an_app_is_opened_after_the_sign_in_only(browser):
    answer = browser.get("/login/app?name=desk&next=/")
    assert answer.status_code == 401 and 'value="/login/app?name=desk&amp;next=/"' in answer.text
