"""Identifies the user, and refuses requests before any route handles them."""

import secrets
from collections.abc import Callable
from typing import TypeAlias

from fastapi import Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from refund_manager.web.rate import RateLimit

_SAFE = {"GET", "HEAD", "OPTIONS"}
_COOKIE = "refund_manager"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Refused(Exception):
    """A refused request: its status, and why."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}


def user_of(request: Request) -> str:
    """The user of a request, whom the platform's gateway has signed in: no request reaches the app but through it.

    Raises Refused (401) if the gateway names no user.
    """
    user = request.headers.get("x-forwarded-email") or request.headers.get("x-forwarded-user")
    if not user:
        raise Refused(401, "The platform did not identify you, so you can't change anything. Sign in and try again.")
    return user


def form_token(request: Request) -> str:
    """The token that forms must send back. It is also in a cookie, so that other sites can't forge a form."""
    if not hasattr(request.state, "form_token"):
        request.state.form_token = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
    token: str = request.state.form_token
    return token


def set_token_cookie(request: Request, response: Response) -> None:
    """Set the cookie with the form token, unless the browser already has it."""
    if _COOKIE not in request.cookies:
        response.set_cookie(
            _COOKIE,
            form_token(request),
            httponly=True,
            samesite="strict",
            secure=request.headers.get("x-forwarded-proto") != "http",  # as a laptop's gateway has it
        )


def check_form(request: Request, form: dict[str, str]) -> None:
    """Remove the token from a form's fields. Raises Refused (403) if it differs from the cookie."""
    token, cookie = form.pop("token", ""), request.cookies.get(_COOKIE, "")
    if not (cookie and secrets.compare_digest(token.encode(), cookie.encode())):
        raise Refused(403, "This form has expired. Reload the page and try again.")


Refuse: TypeAlias = Callable[[Request, Refused], Response]


class Guard:
    """Middleware that refuses cross-site writes and too many writes, and adds headers.

    `refuse` creates the response to a refused request; `clock` returns seconds.
    """

    def __init__(self, app: ASGIApp, refuse: Refuse, clock: Callable[[], float]) -> None:
        self.app, self._refuse = app, refuse
        self._writes = RateLimit(60, 2, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or respond with 401, 403 or 429."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((k.lower().encode(), v.encode()) for k, v in self._headers(scope).items()),
                ]
            await send(message)

        request = Request(scope)
        try:
            self._check(request)
            answer = self.app
        except Refused as refused:
            answer = self._refuse(request, refused)
        await answer(scope, receive, send_with_headers)

    def _check(self, request: Request) -> None:
        if request.method in _SAFE:
            return
        if not _same_site(request):
            raise Refused(403, "Requests from other sites can't change anything here.")
        wait = self._writes.take(user_of(request))
        if wait:
            raise Refused(
                429, f"Too many changes in a short time. Try again in {wait} seconds.", {"Retry-After": str(wait)}
            )

    def _headers(self, scope: Scope) -> dict[str, str]:
        static = scope["path"].startswith("/static/")
        return {k: v for k, v in _HEADERS.items() if not (static and k == "Cache-Control")}


def _same_site(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    return origin is None or origin.partition("://")[2] in {host, request.headers.get("x-forwarded-host", host)}
