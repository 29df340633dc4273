"""The headers that an app gets: the caller's own, and those with which the gateway says who calls.

The names are those of https://docs.databricks.com/aws/en/dev-tools/databricks-apps/http-headers and
https://docs.databricks.com/aws/en/dev-tools/databricks-apps/auth (the access token).
"""

import uuid

from starlette.requests import HTTPConnection

from local_workspace.http.gateway.callers import Caller
from local_workspace.http.proxy import passed_on

_GATEWAYS = {"forwarded", "x-real-ip", "x-request-id"}


def forwarded(connection: HTTPConnection, caller: Caller, access_token: str | None) -> dict[str, str]:
    """The headers of `connection` for the app. What a caller sends under the gateway's names is dropped."""
    host = connection.headers["host"]
    kept = {name: value for name, value in passed_on(connection.headers).items() if not _is_gateways(name)}
    own = {
        "host": host,
        "x-forwarded-host": host,
        "x-forwarded-proto": "http",
        "x-forwarded-user": caller.name,
        "x-forwarded-email": caller.name,
        "x-forwarded-preferred-username": caller.name,
        "x-real-ip": connection.client.host if connection.client else "127.0.0.1",
        "x-request-id": str(uuid.uuid4()),
    }
    return kept | own | ({"x-forwarded-access-token": access_token} if access_token else {})


def _is_gateways(name: str) -> bool:
    """Whether the name is one of the gateway's; WSGI apps can't tell `_` from `-` in it."""
    plain = name.lower().replace("_", "-")
    return plain in _GATEWAYS or plain.startswith("x-forwarded-")
