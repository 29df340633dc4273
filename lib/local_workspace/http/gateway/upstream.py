"""The connection to an app's process: HTTP requests, streamed both ways, and WebSockets."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from local_workspace.http.proxy import Relay, has_body, send, socket_client
from local_workspace.runtime.errors import unavailable
from local_workspace.runtime.gateway import Address
from local_workspace.runtime.ports import HOST

_OF_HANDSHAKE = ("host", "sec-websocket-")  # beginnings of headers that the WebSocket client sets itself
_UNSENDABLE = {1005, 1006, 1015}  # close codes that stand for an end without one (RFC 6455, 7.4.1)
_INTERNAL_ERROR = 1011


class Upstream:
    """An app's process, wherever it listens at the time. For one event loop."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._client: tuple[Address, httpx.AsyncClient] | None = None

    async def request(self, address: Address, request: Request, headers: Mapping[str, str]) -> Relay:
        """Send `request` with other headers. Raises ApiError 503."""
        client = await self._client_of(address)
        path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
        outgoing = client.build_request(
            request.method,
            path + (f"?{query}" if query else ""),
            headers=headers,
            content=request.stream() if has_body(request) else None,
        )
        return await send(client, outgoing, self._what)

    async def close(self) -> None:
        """Close the connections that wait for a next request. Safe to call twice."""
        if self._client:
            await self._client[1].aclose()
        self._client = None

    async def _client_of(self, address: Address) -> httpx.AsyncClient:
        if self._client and self._client[0] == address:
            return self._client[1]
        await self.close()
        client = _port_client(address) if isinstance(address, int) else socket_client(address)
        client.headers.clear()  # the app gets the caller's own or none, such as for Accept-Encoding
        self._client = address, client
        return client

    async def websocket(self, address: Address, caller: WebSocket, headers: Mapping[str, str]) -> None:
        """Open a WebSocket to the app and pass messages on until either side closes. Raises ApiError 503.

        An answer with which the app refuses is passed on.
        """
        try:
            app = await _open(address, caller, headers)
        except InvalidStatus as refusal:
            await caller.send_denial_response(_plain(refusal))
            return
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise unavailable(f"{self._what} does not answer ({type(error).__name__}); try again") from error
        try:
            await caller.accept(app.subprotocol)
            await _pump(caller, app)
        finally:
            await app.close()


def _port_client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=256, keepalive_expiry=30)
    return httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=None, limits=limits, trust_env=False)


async def _open(address: Address, caller: WebSocket, headers: Mapping[str, str]) -> ClientConnection:
    raw, query = caller.scope["raw_path"].decode("latin-1"), caller.scope["query_string"].decode("latin-1")
    wanted = [Subprotocol(name) for name in caller.scope.get("subprotocols", [])]
    return await connect(
        f"ws://{headers['host']}{raw}" + (f"?{query}" if query else ""),
        sock=await _connected(address),
        additional_headers={name: value for name, value in headers.items() if not name.startswith(_OF_HANDSHAKE)},
        subprotocols=wanted or None,
        user_agent_header=None,
        compression=None,
        proxy=None,
        max_size=None,
        ping_interval=None,
    )


async def _connected(address: Address) -> socket.socket:
    """A connected socket. Raises OSError."""
    of_unix = isinstance(address, Path)
    opened = socket.socket(socket.AF_UNIX if of_unix else socket.AF_INET)
    opened.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(opened, str(address) if of_unix else (HOST, address))
    except BaseException:
        opened.close()
        raise
    return opened


async def _pump(caller: WebSocket, app: ClientConnection) -> None:
    """Pass messages on until one side closes, then close the other with the same code."""
    ways = [asyncio.create_task(_to_app(caller, app)), asyncio.create_task(_to_caller(app, caller))]
    done, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*ways, return_exceptions=True)
    for task in done:
        task.result()


async def _to_app(caller: WebSocket, app: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):  # the other direction has noticed too
        while True:
            message = await caller.receive()
            if message["type"] == "websocket.disconnect":
                await app.close(_sendable(message.get("code")))
                return
            await app.send(message["text"] if message.get("text") is not None else message["bytes"])


async def _to_caller(app: ClientConnection, caller: WebSocket) -> None:
    with contextlib.suppress(ConnectionClosed, WebSocketDisconnect):
        async for message in app:
            await (caller.send_text(message) if isinstance(message, str) else caller.send_bytes(message))
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the caller has gone
        await caller.close(_sendable(app.close_code, _INTERNAL_ERROR), app.close_reason or "")


def _plain(refusal: InvalidStatus) -> Response:
    answer = refusal.response
    return Response(answer.body, answer.status_code, media_type=answer.headers.get("content-type"))


def _sendable(code: int | None, otherwise: int = 1000) -> int:
    return otherwise if code is None or code in _UNSENDABLE else code
