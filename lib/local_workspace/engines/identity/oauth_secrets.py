"""OAuth secrets of service principals.

A service principal has up to five, each for at most two years:
https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m
"""

import hashlib
import secrets
import time
import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from local_workspace.engines.identity.documents import OAuthSecret
from local_workspace.runtime import signatures
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.timestamps import now_iso, to_iso

MOST = 5
LONGEST = 730 * 24 * 60 * 60
"""The life of a secret in seconds, unless a shorter one is asked for."""
_PREFIX = "dose"


def new_value() -> str:
    """A new secret."""
    return f"{_PREFIX}{secrets.token_hex(16)}"


def kept(value: str, lifetime: int, scopes: list[str]) -> OAuthSecret:
    """What is kept of a secret that ends in `lifetime` seconds."""
    return {
        "id": str(uuid.uuid4()),
        "hash": _hash(value),
        "scopes": scopes,
        "create_time": now_iso(),
        "expires": int(time.time()) + lifetime,
    }


def shown(secret: OAuthSecret) -> dict[str, object]:
    """A secret as the API shows it."""
    ends = datetime.fromtimestamp(secret["expires"], UTC)
    return {
        "id": secret["id"],
        "secret_hash": secret["hash"],
        "status": "ACTIVE",
        "create_time": secret["create_time"],
        "update_time": secret["create_time"],
        "expire_time": to_iso(ends),
        **({"scopes": secret["scopes"]} if secret["scopes"] else {}),
    }


def scopes_of(held: Iterable[OAuthSecret], value: str) -> Collection[str] | None:
    """The scopes of the one of `held` that is `value` and has not expired; None if none is."""
    presented, now = _hash(value), time.time()
    return next(
        (each["scopes"] for each in held if signatures.same(each["hash"], presented) and now < each["expires"]), None
    )


def too_many(name: str) -> ApiError:
    """The service principal has as many secrets as it may have."""
    return ApiError(400, "QUOTA_EXCEEDED", f"{name} has {MOST} OAuth secrets, the most it can have: delete one first.")


def missing(secret_id: str) -> ApiError:
    """There is no such secret."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Secret with id {secret_id} not found.")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
