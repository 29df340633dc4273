"""Asks an OpenAI-compatible server on behalf of an endpoint, patiently."""

import json
import random

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from local_workspace.engines.serving import ExternalTarget
from local_workspace.errors import ApiError

_ATTEMPTS = 4
_LONGEST_PAUSE = 20.0
_PASSING = {408, 429, 500, 502, 503, 504}  # worth another attempt
# A model may think for minutes before its first token; connecting takes seconds or fails.
_TIMEOUT = httpx.Timeout(600, connect=10)
_CODES = {400: "BAD_REQUEST", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST",
          429: "REQUEST_LIMIT_EXCEEDED", 503: "TEMPORARILY_UNAVAILABLE"}


class _TryAgain(Exception):
    """A passing trouble of the upstream: what to tell if it doesn't pass, and how long it asked us to wait."""

    def __init__(self, error: ApiError, pause: float | None = None) -> None:
        super().__init__(error.message)
        self.error, self.pause = error, pause


def external_client() -> httpx.AsyncClient:
    """A client for the servers of external models."""
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=httpx.Limits(max_connections=64))


async def ask(client: httpx.AsyncClient, target: ExternalTarget, operation: str, body: dict) -> httpx.Response:
    """The upstream's good answer to `operation`, not yet read, so that a stream flows through.

    Tries four times when it can't be reached, is overloaded or fails. Raises ApiError with the
    upstream's status and message (502 if there was no answer at all).
    """
    content = json.dumps({**body, "model": target.model}).encode()
    outgoing = client.build_request("POST", target.address(operation), content=content,
                                    headers={"Content-Type": "application/json", **target.auth})
    try:
        async for attempt in AsyncRetrying(stop=stop_after_attempt(_ATTEMPTS), wait=_pause, reraise=True,
                                           retry=retry_if_exception_type(_TryAgain)):
            with attempt:
                return await _once(client, outgoing, target)
    except _TryAgain as last:
        raise last.error from None


async def _once(client: httpx.AsyncClient, outgoing: httpx.Request, target: ExternalTarget) -> httpx.Response:
    try:
        answer = await client.send(outgoing, stream=True)
    except httpx.TransportError as error:
        message = f"{outgoing.url} could not be reached for model {target.model}: {type(error).__name__} {error}"
        raise _TryAgain(ApiError(502, "BAD_GATEWAY", message.rstrip())) from error
    if answer.is_success:
        return answer
    error = await _error(answer, target)
    if answer.status_code in _PASSING:
        raise _TryAgain(error, _asked_pause(answer))
    raise error


async def _error(answer: httpx.Response, target: ExternalTarget) -> ApiError:
    text = (await answer.aread()).decode(errors="replace")
    await answer.aclose()
    message = f"The server of external model {target.model} answered {answer.status_code}: {_message(text)}"
    return ApiError(answer.status_code, _CODES.get(answer.status_code, "UPSTREAM_ERROR"), message)


def _message(text: str) -> str:
    """The message in an error of OpenAI's form, or the text as it is."""
    try:
        error = json.loads(text)["error"]
        return error["message"] if isinstance(error, dict) else str(error)
    except (ValueError, KeyError, TypeError):
        return text[:500]


def _asked_pause(answer: httpx.Response) -> float | None:
    asked = answer.headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else None


def _pause(state: RetryCallState) -> float:
    """What the upstream asked for, else half a second doubled each time; jitter keeps callers apart."""
    asked = state.outcome.exception().pause
    pause = asked if asked is not None else 0.5 * 2 ** (state.attempt_number - 1)
    return min(pause, _LONGEST_PAUSE) + random.uniform(0, 0.1)
