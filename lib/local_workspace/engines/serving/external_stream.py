"""Relays an external model's answer: counts its tokens, and reports a broken stream to the caller."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from local_workspace.engines.serving import Gateway

_DATA, _DONE = b"data:", b"[DONE]"


def asking_for_usage(body: dict[str, Any]) -> dict[str, Any]:
    """`body` with the option that ends a stream with its usage, which a whole answer always has."""
    if not body.get("stream") or "messages" not in body:
        return body
    return {**body, "stream_options": {**(body.get("stream_options") or {}), "include_usage": True}}


async def metered(answer: httpx.Response, gateway: Gateway, body: dict[str, Any]) -> AsyncGenerator[bytes]:
    """The bytes of the answer to `body`; its tokens are counted before the last bytes are sent."""
    if body.get("stream"):
        async for piece in _metered_stream(answer, gateway, body):
            yield piece
    else:
        gateway.settle(_read(answer.content).get("usage"), len(answer.request.content), len(answer.content))
        yield answer.content


async def _metered_stream(answer: httpx.Response, gateway: Gateway, body: dict[str, Any]) -> AsyncGenerator[bytes]:
    wanted = (body.get("stream_options") or {}).get("include_usage")
    bill = _Bill(gateway, len(answer.request.content))
    try:
        async for line in _lines(answer):
            chunk = bill.look(line)
            if chunk.get("usage") and not chunk.get("choices") and not wanted:
                continue  # the caller did not ask for this chunk, and may not expect one without choices
            if line:
                yield line + (b"\n\n" if line.startswith(_DATA) else b"\n")
    except httpx.TransportError as error:
        bill.settle()
        message = f"The stream of {answer.request.url} broke off: {type(error).__name__} {error}".rstrip()
        yield f"data: {json.dumps({'error': {'message': message, 'type': 'server_error'}})}\n\n".encode()
        yield b"data: [DONE]\n\n"
    finally:
        bill.settle()  # also when the caller has disconnected


class _Bill:
    """The cost of one stream, settled once."""

    def __init__(self, gateway: Gateway, sent: int) -> None:
        self._gateway, self._sent, self._received = gateway, sent, 0
        self._usage: dict[str, Any] | None = None
        self._settled = False

    def look(self, line: bytes) -> dict[str, Any]:
        """Count a line; returns the chunk in it, if it may hold the usage. The last line settles the bill."""
        self._received += len(line)
        data = line.removeprefix(_DATA).strip()
        if data == _DONE:
            self.settle()
        chunk = _read(data) if b'"usage"' in data else {}
        self._usage = chunk.get("usage") or self._usage
        return chunk

    def settle(self) -> None:
        """Charge the endpoint."""
        if not self._settled:
            self._settled = True
            self._gateway.settle(self._usage, self._sent, self._received)


async def _lines(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """Lines of the answer as server-sent events define them: JSON may hold Unicode's other line separators."""
    rest = b""
    async for piece in answer.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")
    if rest:
        yield rest


def _read(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
