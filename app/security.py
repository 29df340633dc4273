"""Who is asking, and which requests are refused before anything else looks at them."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import PlainTextResponse
from settings import Settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = {"GET", "HEAD", "OPTIONS"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                               "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def user_of(request: Request, settings: Settings) -> str:
    """The person behind a request: on a laptop its user, on Databricks the one that the platform vouches for."""
    if settings.local_user:
        return settings.local_user
    return request.headers.get("x-forwarded-email") or request.headers.get("x-forwarded-user") or "unknown"


class Guard:
    """Refuses foreign hosts (a laptop's only) and cross-site writes, and adds the security headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400 or 403."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((k.lower().encode(), v.encode())
                                                             for k, v in self._headers(scope).items())]
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        host = request.headers.get("host", "")
        # Behind the platform its proxy checks hosts; on a laptop a foreign name means a rebound one.
        if self.settings.local_user and _hostname(host) not in _LOOPBACK:
            return PlainTextResponse(f"This app does not answer to the host {host!r}.", 400)
        if request.method not in _SAFE and not self._same_site(request, host):
            return PlainTextResponse("A page of another site may not change anything here.", 403)
        return None

    def _same_site(self, request: Request, host: str) -> bool:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return True
        known = {host} if self.settings.local_user else {host, request.headers.get("x-forwarded-host", host)}
        return origin.partition("://")[2] in known

    def _headers(self, scope: Scope) -> dict[str, str]:
        static = scope["path"].startswith("/static/")
        return {k: v for k, v in _HEADERS.items() if not (static and k == "Cache-Control")}


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
