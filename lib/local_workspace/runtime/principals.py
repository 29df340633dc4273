"""Service principals: an app's name, the secret that it signs in with, and the tokens it gets for that.

All of it is derived from the workspace's own token, so nothing is stored, and a restart changes nothing.
"""

import hashlib
import hmac
import secrets
import time

TOKEN_LIFE = 3600  # seconds


def service_principal(app: str) -> str:
    """The client id of an app."""
    return f"app-{app}"


def secret(token: str, name: str) -> str:
    """The client secret of the service principal `name` in the workspace with this token."""
    return hmac.new(token.encode(), f"secret {name}".encode(), hashlib.sha256).hexdigest()


def access_token(token: str, name: str) -> str:
    """A token of the service principal, valid for TOKEN_LIFE seconds."""
    return _signed(token, name, int(time.time()) + TOKEN_LIFE)


def holder(token: str, presented: str) -> str | None:
    """The service principal whose access token this is, None if it is not valid or has expired."""
    name, ends, *_ = [*presented.split("."), "", ""]
    if not ends.isdecimal() or int(ends) < time.time():
        return None
    return name if secrets.compare_digest(_signed(token, name, int(ends)).encode(), presented.encode()) else None


def _signed(token: str, name: str, ends: int) -> str:
    signature = hmac.new(token.encode(), f"access {name} {ends}".encode(), hashlib.sha256).hexdigest()
    return f"{name}.{ends}.{signature}"
