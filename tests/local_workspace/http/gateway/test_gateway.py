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

from local_workspace.http.gateway import listen
from local_workspace.runtime import ports, principals
from local_workspace.runtime.errors import unavailable
from waiting import eventually

TOKEN, USER, ME = "workspace-token", "you@localhost", "app-caller"
PERSON = ("anyone", TOKEN)
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
        WebSocketRoute("/api/echo", echo),
        Route("/{path:path}", told, methods=["GET", "POST"]),
    ]
)


class Running:
    """The app on a unix socket, and its gateway."""

    def __init__(self, folder):
        self.socket = folder / "app.sock"
        config = uvicorn.Config(APP, uds=str(self.socket), log_level="warning", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self.allowed, self.scopes = {ME}, False
        self.running = True
        behind = SimpleNamespace(
            name="desk",
            address=self._address,
            audience=lambda: "desk-client",
            may_use=lambda principal: principal in self.allowed,
            gets_tokens=lambda: self.scopes,
        )
        self.port = ports.free()
        self._listener = listen(behind, self.port, TOKEN, USER)
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
    running.allowed, running.scopes, running.running = {ME}, False, True
    return running


def test_a_person_reaches_every_path(desk):
    assert desk.get("/").status_code == desk.get("/orders/1").status_code == desk.get("/api/x").status_code == 200


@pytest.mark.parametrize("auth", [None, ("anyone", ""), ("anyone", "guessed")])
@pytest.mark.parametrize("path", ["/", "/api/x"])
def test_without_the_password_nothing_is_reached(desk, auth, path):
    answer = desk.get(path, auth=auth)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_browser_gets_words(desk):
    answer = desk.get("/", auth=None, headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 401 and answer.text.startswith("401 Unauthorized: Sign in")


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
    desk.scopes = True
    of_person, of_program = desk.get("/"), desk.token(principals.access_token(TOKEN, ME))
    passed = [desk.headers(answer)["x-forwarded-access-token"] for answer in (of_person, of_program)]
    assert [principals.access(TOKEN, token).holder for token in passed] == [None, ME]


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
