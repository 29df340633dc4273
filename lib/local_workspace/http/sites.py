"""Whether a request comes from where it may: this machine's own name, and no page of another site.

A page of any site can send requests to a loopback port, with the user's password or cookie; cookies are shared by all
ports of a host. Browsers say where a request comes from in `Origin` and `Sec-Fetch-Site`, programs leave both out.
"""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from local_workspace.runtime.errors import ApiError

_LOOPBACK = {"127.0.0.1", "localhost"}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN_SITE = {"same-origin", "none"}  # values of Sec-Fetch-Site; none: the user has typed the address


def check_host(connection: HTTPConnection) -> None:
    """Raise ApiError 400 for a host name that is not this machine's: it may be a DNS rebinding attack."""
    host = connection.headers.get("host", "")
    if _hostname(host) not in _LOOPBACK:
        raise ApiError(400, "BAD_REQUEST", f"Unknown host {host!r}. Use localhost or 127.0.0.1.")


def check_site(connection: HTTPConnection) -> None:
    """Raise ApiError 400 for another host, 403 for a change that a page of another site sends."""
    check_host(connection)
    if not _is_safe(connection) and not is_own(connection):
        raise ApiError(403, "PERMISSION_DENIED", "Pages of other sites can't change anything here.")


def is_own(connection: HTTPConnection) -> bool:
    """Whether a program, the user or a page of the same origin sends the request."""
    site, origin = connection.headers.get("sec-fetch-site", "same-origin"), connection.headers.get("origin")
    return site in _OWN_SITE and origin in (None, f"http://{connection.headers.get('host', '')}")


def local_path(next: str) -> str:
    """`next` if it is a path of this workspace; otherwise `/`, so that no link leads elsewhere after the sign-in."""
    parts = urlsplit(next) if next.isprintable() else None
    if parts is None or parts.scheme or parts.netloc or not next.startswith("/") or "\\" in next or next[1:2] == "/":
        return "/"
    return next


def _is_safe(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] in _SAFE


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
