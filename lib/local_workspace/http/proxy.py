"""Passes a request on to a server behind the workspace and streams the answer back."""

from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path

import httpx
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from local_workspace.http import cookies
from local_workspace.runtime.errors import unavailable

# Headers that belong to one connection (RFC 9110, 7.6.1), and the workspace's own token.
_OURS = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "authorization",
    "host",
}
_OF_BYTES = {"content-length", "content-encoding"}


def socket_client(socket: Path) -> httpx.AsyncClient:
    """A client of the HTTP server on a unix socket. It has no time-out."""
    transport = httpx.AsyncHTTPTransport(
        uds=str(socket), verify=False, limits=httpx.Limits(max_connections=256, keepalive_expiry=30)
    )
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=None)


class Relay(StreamingResponse):
    """An upstream's answer, streamed and closed however the transfer ends.

    `content` is what to send instead of the answer's own bytes: an async generator over the decoded answer.
    """

    def __init__(self, answer: httpx.Response, content: AsyncGenerator[bytes] | None = None) -> None:
        self._answer, self._own = answer, content
        self._content = content or _raw(answer)
        super().__init__(self._content, answer.status_code)
        hidden = _OURS | _OF_BYTES if content else _OURS
        self.raw_headers = [
            (name.lower(), value) for name, value in answer.headers.raw if not _is_hidden(name, value, hidden)
        ]
        self._callbacks: list[Callable[[], None]] = []

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once the transfer has ended, completely or not."""
        self._callbacks.append(callback)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self.discard()

    async def read(self) -> bytes:
        """The whole answer, decoded, instead of sending it."""
        try:
            return b"".join([part async for part in self._own]) if self._own else await self._answer.aread()
        finally:
            await self.discard()

    async def discard(self) -> None:
        """Close the answer, whether or not it has been sent."""
        for callback in self._callbacks:
            callback()
        await self._content.aclose()
        await self._answer.aclose()


async def relay(request: Request, client: httpx.AsyncClient, what: str, prefix: str = "") -> Relay:
    """Answer `request` with what `client`'s server says at its path without `prefix`; both bodies are streamed.

    Raises ApiError 503 naming `what` if the server can't be reached.
    """
    # Undecoded: names of artifacts may hold encoded characters.
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    outgoing = client.build_request(
        request.method,
        path.removeprefix(prefix) + (f"?{query}" if query else ""),
        headers=passed_on(request.headers),
        content=request.stream() if has_body(request) else None,
    )
    return await send(client, outgoing, what)


async def send(client: httpx.AsyncClient, outgoing: httpx.Request, what: str) -> Relay:
    """Send `outgoing` and stream its answer. Raises ApiError 503 naming `what` if there is none."""
    try:
        answer = await client.send(outgoing, stream=True)
    except httpx.TransportError as error:
        raise unavailable(f"{what} does not answer ({type(error).__name__}); try again in a moment") from error
    return Relay(answer)


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The request headers that an upstream may see: not the connection's own, the workspace's token and cookies."""
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in _OURS}
    others = cookies.without_ours(kept.pop("cookie", ""))
    return kept | ({"cookie": others} if others else {})


def has_body(request: Request) -> bool:
    """Whether `request` comes with a body."""
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def _is_hidden(name: bytes, value: bytes, hidden: set[str]) -> bool:
    """Whether a header of an upstream's answer is left out: an upstream sets no cookie of the workspace."""
    lower = name.decode().lower()
    return lower in hidden or (lower == "set-cookie" and cookies.is_ours(value.decode("latin-1")))


async def _raw(answer: httpx.Response) -> AsyncGenerator[bytes]:
    async for chunk in answer.aiter_raw():
        yield chunk
