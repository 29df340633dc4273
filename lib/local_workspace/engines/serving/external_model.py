"""Calls an OpenAI-compatible server for an endpoint: transient errors are retried, within the endpoint's limits."""

import asyncio
import json
import random
from typing import Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_before_delay

from local_workspace.engines.serving import ExternalTarget, Gateway, Refusal
from local_workspace.runtime import structured_outputs

_ATTEMPTS = 4
_LONGEST_PAUSE = 20.0
_CONNECT_SECONDS = 10.0
_TRANSIENT_STATUSES = {408, 429, 500, 502, 503, 504}  # worth another attempt
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}


class _TransientError(Exception):
    """A transient error of the upstream: the refusal if it persists, and the pause in seconds that it requests."""

    def __init__(self, error: Refusal, pause: float | None = None) -> None:
        super().__init__(error.message)
        self.error, self.pause = error, pause


def external_client() -> httpx.AsyncClient:
    """A client for the servers of external models."""
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=64))


async def ask(
    client: httpx.AsyncClient, target: ExternalTarget, gateway: Gateway, operation: str, body: dict[str, Any]
) -> httpx.Response:
    """The upstream's successful response to `operation`; the body of a stream is not read yet.

    Tries four times when it can't be reached, is overloaded or fails, at the endpoint's pace. Raises Refusal: 400 for
    a response format that Databricks' models refuse, 429 if the budget is spent, 504 after the time-out, 502 if there
    was no answer at all, else the upstream's own status.
    """
    _check_form(body)
    seconds = gateway.limits.timeout_seconds
    deadline = asyncio.get_running_loop().time() + seconds
    outgoing = client.build_request(
        "POST",
        target.address(operation),
        content=json.dumps({**body, "model": target.model}).encode(),
        headers={"Content-Type": "application/json", **target.auth},
        timeout=httpx.Timeout(seconds, connect=_CONNECT_SECONDS),
    )
    try:
        async with asyncio.timeout_at(deadline):
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(seconds),
                wait=_pause,
                reraise=True,
                retry=retry_if_exception_type(_TransientError),
            ):
                with attempt:
                    await _turn(gateway, deadline)
                    gateway.begin()
                    answer = await _once(client, outgoing, target, whole=not body.get("stream"))
        return answer
    except _TransientError as last:
        raise last.error from None
    except TimeoutError:
        raise Refusal(
            504,
            "DEADLINE_EXCEEDED",
            f"{outgoing.url} gave no answer for model {target.model} within "
            f"{seconds:g} s (timeout_seconds).{gateway.limits.advised()}",
        ) from None


def _check_form(body: dict[str, Any]) -> None:
    """The external model stands in for one of Databricks', so a format that those refuse must not pass here."""
    try:
        structured_outputs.check(body)
    except structured_outputs.RefusedForm as refused:
        raise Refusal(400, "BAD_REQUEST", str(refused), {"param": refused.param}) from None


async def _turn(gateway: Gateway, deadline: float) -> None:
    """Wait until the rate limit lets a call go. Raises Refusal 429 if that would take longer than the call may."""
    if gateway.pace is None:
        return
    now = asyncio.get_running_loop().time()
    turn = gateway.pace.turn(now, deadline)
    if turn is None:
        raise Refusal(
            429,
            "REQUEST_LIMIT_EXCEEDED",
            f"Endpoint {gateway.name}: so many calls wait for its rate limit (rate_limits.calls) that this one's turn "
            f"would come after its time-out.{gateway.limits.advised()}",
            {"type": "rate_limit_error", "code": "rate_limit_exceeded"},
        )
    await asyncio.sleep(turn - now)


async def _once(
    client: httpx.AsyncClient, outgoing: httpx.Request, target: ExternalTarget, whole: bool
) -> httpx.Response:
    try:
        answer = await client.send(outgoing, stream=True)
        if whole or not answer.is_success:
            await answer.aread()
    except httpx.TransportError as error:
        message = f"{outgoing.url} could not be reached for model {target.model}: {type(error).__name__} {error}"
        raise _TransientError(Refusal(502, "BAD_GATEWAY", message.rstrip())) from error
    if answer.is_success:
        return answer
    refusal = _error(answer, target)
    if answer.status_code in _TRANSIENT_STATUSES:
        raise _TransientError(refusal, _retry_after(answer))
    raise refusal


def _error(answer: httpx.Response, target: ExternalTarget) -> Refusal:
    details = _parsed_error(answer)
    message = f"The server of external model {target.model} answered {answer.status_code}: {details.pop('message')}"
    return Refusal(answer.status_code, _CODES.get(answer.status_code, "UPSTREAM_ERROR"), message, details)


def _parsed_error(answer: httpx.Response) -> dict[str, Any]:
    """The message, type, param and code of an error in OpenAI's format; any other body is the message, unchanged."""
    try:
        error = answer.json()["error"]
        return {"message": error["message"], **{key: error.get(key) for key in ("type", "param", "code")}}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"message": answer.text[:500]}


def _retry_after(answer: httpx.Response) -> float | None:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isdigit() else None


def _pause(state: RetryCallState) -> float:
    """Seconds to the next attempt: the requested pause, or half a second doubled each time; jitter spreads callers."""
    error = state.outcome.exception() if state.outcome else None
    requested = error.pause if isinstance(error, _TransientError) else None
    pause = requested if requested is not None else 0.5 * 2 ** (state.attempt_number - 1)
    return min(pause, _LONGEST_PAUSE) + random.uniform(0, 0.1)
