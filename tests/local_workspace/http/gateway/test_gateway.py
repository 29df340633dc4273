"""The gateway in front of an app: who gets in, and what the app is told of them."""

import asyncio
import contextlib
import threading
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from local_workspace.http.gateway import Workspace, listen
from local_workspace.http.sessions import Sessions
from local_workspace.runtime import ports, principals
from local_workspace.runtime.errors import unavailable
from waiting import eventually

TOKEN, USER, ME = "workspace-token", "you@localhost", "app-caller"
ANA = "ana@example.com"
PERSON = ("anyone", TOKEN)
HTML = {"Accept": "text/html,*/*"}
SENT = asyncio.Event()


async def told(request):
    return JSONResponse(
        {
            "headers": request.headers.items(),
            "body": (await request.body()).decode(),
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
        }
    )


async def stream(request):
    async def parts():
        yield b"first"
        await SENT.wait()
        yield b"last"

    return StreamingResponse(parts())


async def cookies(request):
    answer = JSONResponse({})
    for name in ("local_workspace_1", "theme"):
        answer.raw_headers.append((b"set-cookie", f"{name}=dark".encode()))
    return answer


async def release(request):
    SENT.set()
    return JSONResponse({})


async def echo(websocket):
    await websocket.accept(subprotocol=(websocket.scope["subprotocols"] or [None])[0])
    await websocket.send_text(websocket.headers["x-forwarded-email"])
    async for message in websocket.iter_text():
        if message == "close":
            await websocket.close(4001, "as you wish")
            return
        await websocket.send_text(message.upper())


APP = Starlette(
    routes=[
        Route("/api/stream", stream),
        Route("/api/release", release),
        Route("/api/cookies", cookies),
        WebSocketRoute("/api/echo", echo),
        Route("/{path:path}", told, methods=["GET", "POST"]),
    ]
)


class People:
    """A directory in which every holder is there but for those of `gone`, and those of `admins` are administrators."""

    def __init__(self):
        self.gone, self.admins = set(), set()

    def name_of(self, holder):
        names = {principals.of_user("7"): ANA}
        return None if holder in self.gone else names.get(holder, holder)

    def is_admin(self, name):
        return name in self.admins


class Running:
    """The app on a unix socket, and its gateway."""

    def __init__(self, folder):
        self.socket = folder / "app.sock"
        config = uvicorn.Config(APP, uds=str(self.socket), log_level="warning", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self.allowed, self.scopes = {ME}, list[str]()
        self.running = True
        behind = SimpleNamespace(
            name="desk",
            address=self._address,
            audience=lambda: "desk-client",
            may_use=lambda principal: principal in self.allowed,
            scopes=lambda: self.scopes,
        )
        self.port = ports.free()
        self.sessions, self.directory = Sessions(), People()
        self._listener = listen(behind, self.port, Workspace(TOKEN, USER, 4242, self.sessions, self.directory))
        self.url = f"http://127.0.0.1:{self.port}"
        eventually(lambda: self.get("/").status_code, 200)

    def _address(self):
        if not self.running:
            raise unavailable("The app desk is stopped.")
        return self.socket

    def get(self, path, auth=PERSON, **more):
        return httpx.get(self.url + path, auth=auth, **more)

    def token(self, token, path="/api/x", **headers):
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {token}"} | headers)

    def headers(self, answer):
        return dict(answer.raise_for_status().json()["headers"])

    def close(self):
        self._listener.close()
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("app"))
    yield made
    made.close()


@pytest.fixture
def desk(running):
    running.allowed, running.scopes, running.running = {ME}, [], True
    running.directory.gone, running.directory.admins = set(), set()
    return running


def test_a_person_reaches_every_path(desk):
    assert desk.get("/").status_code == desk.get("/orders/1").status_code == desk.get("/api/x").status_code == 200


@pytest.mark.parametrize("auth", [None, ("anyone", ""), ("anyone", "guessed")])
@pytest.mark.parametrize("path", ["/", "/api/x"])
def test_without_the_password_nothing_is_reached(desk, auth, path):
    answer = desk.get(path, auth=auth)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_browser_is_sent_to_the_workspaces_sign_in(desk):
    answer = desk.get("/orders?x=1", auth=None, headers=HTML)
    host = "http://127.0.0.1:4242"
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{host}/login/app?name=desk&next=%2Forders%3Fx%3D1",
    )
    assert httpx.post(desk.url, headers=HTML).text.startswith("401 Unauthorized: Sign in")


@pytest.fixture
def signed_in(desk):
    with httpx.Client(base_url=desk.url, headers=HTML) as browser:
        answer = browser.get("/.auth/callback", params={"code": desk.sessions.new_code("desk"), "next": "/orders"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
        yield browser


def test_a_browser_that_comes_back_with_a_code_is_signed_in(desk, signed_in):
    assert desk.headers(signed_in.get("/orders"))["x-forwarded-email"] == USER
    (cookie,) = signed_in.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "strict"


@pytest.mark.parametrize("place", ["", "other"])
def test_a_code_for_another_place_or_a_used_one_opens_nothing(desk, place):
    code = desk.sessions.new_code(place)
    with httpx.Client(base_url=desk.url, headers=HTML) as browser:
        for _ in range(2):
            assert "set-cookie" not in browser.get("/.auth/callback", params={"code": code}).headers
        assert browser.get("/").status_code == 303


def test_a_sign_in_leads_to_no_other_site(desk):
    found = httpx.get(f"{desk.url}/.auth/callback", params={"code": "x", "next": "//evil.example"})
    assert found.headers["location"] == "/"
    assert desk.get("/.auth/callback", headers={"Host": "evil.example"}).status_code == 400


def test_an_apps_session_ends_with_the_workspaces(desk):
    workspace = desk.sessions.redeem(desk.sessions.new_code())
    with httpx.Client(base_url=desk.url, headers=HTML) as browser:
        browser.get("/.auth/callback", params={"code": desk.sessions.new_code("desk", workspace)})
        assert browser.get("/").status_code == 200
        desk.sessions.end(workspace)
        assert browser.get("/").status_code == 303


def test_another_user_is_told_apart_and_needs_permission(desk):
    code = desk.sessions.new_code("desk", holder=principals.of_user("7"))
    desk.scopes = ["sql"]
    with httpx.Client(base_url=desk.url, headers=HTML) as browser:
        browser.get("/.auth/callback", params={"code": code})
        refused = browser.get("/")
        assert (refused.status_code, f"{ANA} may not use the app desk" in refused.text) == (403, True)
        desk.allowed.add(ANA)
        told = desk.headers(browser.get("/"))
        names = {told[f"x-forwarded-{each}"] for each in ("email", "user", "preferred-username")}
        held = principals.access(TOKEN, told["x-forwarded-access-token"])
        assert (names, held.holder) == ({ANA}, principals.of_user("7"))
        desk.allowed.remove(ANA)
        desk.directory.admins.add(ANA)
        assert browser.get("/").status_code == 200
        desk.directory.gone.add(principals.of_user("7"))
        assert browser.get("/").status_code == 303


def test_the_app_sees_no_cookie_of_a_workspace(desk, signed_in):
    signed_in.cookies.set("local_workspace_1", "of the workspace", domain="127.0.0.1")
    assert "cookie" not in desk.headers(signed_in.get("/"))
    signed_in.cookies.set("theme", "dark", domain="127.0.0.1")
    assert desk.headers(signed_in.get("/"))["cookie"] == "theme=dark"


def test_the_app_sets_no_cookie_of_a_workspace(desk):
    answer = desk.get("/api/cookies")
    assert answer.headers.get_list("set-cookie") == ["theme=dark"]


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:4242"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_ports_page_changes_nothing_with_the_cookie(signed_in, headers):
    assert signed_in.post("/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (principals.access_token(TOKEN, ME), ME),
        (principals.access_token(TOKEN, None), USER),
        (principals.access_token(TOKEN, None, "desk-client"), USER),
    ],
    ids=["of a principal", "of the user", "for this app"],  # a token has the time in it
)
def test_a_program_with_an_oauth_token_reaches_the_api_only(desk, token, name):
    assert desk.headers(desk.token(token))["x-forwarded-email"] == name
    refused = desk.token(token, "/orders/1")
    assert (refused.status_code, "routes under /api/" in refused.json()["message"]) == (401, True)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (TOKEN, "a personal access token"),
        ("made.9999999999.up", "wrong, has expired, or is for another app"),
        (principals.access_token(TOKEN, None, "another-app"), "for another app"),
        (principals.access_token("another workspace", ME), "wrong"),
    ],
    ids=["personal", "made up", "for another app", "of another workspace"],
)
def test_other_tokens_open_nothing(desk, token, reason):
    answer = desk.token(token)
    assert (answer.status_code, reason in answer.json()["message"]) == (401, True)


def test_a_principal_needs_the_permission(desk):
    desk.allowed = set()
    answer = desk.token(principals.access_token(TOKEN, ME))
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


FORGED = {
    "X-Forwarded-Email": "boss@example.com",
    "X-Forwarded-Groups": "admins",
    "X_Forwarded_User": "boss",
    "X-Real-Ip": "8.8.8.8",
    "X-Request-Id": "mine",
    "Forwarded": "for=8.8.8.8",
    "X-Forwarded-Access-Token": "forged",
}


def test_the_app_learns_who_calls_from_the_gateway_alone(desk):
    got = desk.headers(desk.get("/", headers=FORGED | {"X-Own": "kept"}))
    assert not {"x-forwarded-groups", "x_forwarded_user", "forwarded", "authorization"} & got.keys()
    assert "x-forwarded-access-token" not in got
    host = f"127.0.0.1:{desk.port}"
    assert [got[name] for name in ("x-own", "host", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")] == [
        "kept",
        host,
        host,
        "http",
        "127.0.0.1",
    ]
    assert [got[f"x-forwarded-{name}"] for name in ("user", "email", "preferred-username")] == [USER] * 3
    assert len(got["x-request-id"]) == 36


def test_an_app_with_user_scopes_gets_its_callers_token(desk):
    desk.scopes = ["sql", "iam.current-user:read"]
    of_person, of_program = desk.get("/"), desk.token(principals.access_token(TOKEN, ME))
    passed = [desk.headers(answer)["x-forwarded-access-token"] for answer in (of_person, of_program)]
    found = [principals.access(TOKEN, token) for token in passed]
    assert [access.holder for access in found] == [None, ME]
    assert {access.scopes for access in found} == {frozenset(desk.scopes)}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "["])
def test_an_unknown_host_is_refused(desk, host):
    assert desk.get("/", headers={"Host": host}).status_code == 400
    assert desk.get("/", headers={"Host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_other_sites_change_nothing(desk, headers):
    assert httpx.post(desk.url + "/api/x", auth=PERSON, headers=headers).status_code == 403
    assert (
        httpx.post(desk.url + "/api/x", auth=PERSON, headers={"Origin": desk.url}, content=b"hi").json()["body"] == "hi"
    )


def test_paths_and_queries_arrive_as_they_were_sent(desk):
    got = desk.get("/a%2Fb%20c?x=%2F&y=1").json()
    assert (got["path"], got["query"]) == ("/a%2Fb%20c", "x=%2F&y=1")


def test_answers_are_streamed(desk):
    with httpx.stream("GET", desk.url + "/api/stream", auth=PERSON) as answer:
        chunks = answer.iter_raw()
        assert next(chunks) == b"first"
        desk.get("/api/release")
        assert next(chunks) == b"last"


def test_an_app_that_does_not_run_is_a_503(desk):
    desk.running = False
    answer = desk.get("/api/x")
    assert (answer.status_code, answer.json()["message"]) == (503, "The app desk is stopped.")


def websocket(desk, **headers):
    bearer = {"Authorization": f"Bearer {principals.access_token(TOKEN, ME)}"} | headers
    return connect(
        f"ws://127.0.0.1:{desk.port}/api/echo", additional_headers=bearer, subprotocols=["kitchen"], proxy=None
    )


def test_websockets_pass_with_their_protocol_and_close_code(desk):
    with websocket(desk) as opened:
        assert (opened.subprotocol, opened.recv()) == ("kitchen", ME)
        opened.send("soup")
        assert opened.recv() == "SOUP"
        opened.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")


@pytest.mark.parametrize(
    ("headers", "status"), [({"Authorization": "Bearer x"}, 401), ({"Origin": "http://evil.example"}, 403)]
)
def test_a_websocket_is_checked_as_any_request(desk, headers, status):
    with pytest.raises(InvalidStatus) as refused, contextlib.closing(websocket(desk, **headers)):
        pass
    assert refused.value.response.status_code == status
