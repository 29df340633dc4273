"""Service principals, the secrets that they sign in with, and OAuth access tokens: theirs and the user's.

All of it is derived from the workspace's own token, so nothing is stored, and a restart changes nothing. That token
itself is a personal access token: it opens the workspace's API, but no app.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass

from local_workspace.runtime import signatures

TOKEN_LIFE = 3600  # seconds
_NEVER = 2**40  # seconds since 1970
_ENDPOINT = "endpoint-"
_OF_ONE_AUDIENCE = "~"  # between a token's holder and its audience; in no name of a service principal
_WITHIN_SCOPES = "!"  # before a token's scopes, which are in hexadecimal digits: they have periods


@dataclass(frozen=True)
class Access:
    """What an access token says: its holder, None for the user, and the one audience that it is for, None for all.

    `scopes` are those that an app has of its caller, None for a token without limits.
    """

    holder: str | None
    audience: str | None = None
    scopes: frozenset[str] | None = None


def service_principal(app: str) -> str:
    """The client id of an app."""
    return f"app-{app}"


def of_endpoint(endpoint: str) -> str:
    """The service principal of a serving endpoint's model."""
    return f"{_ENDPOINT}{endpoint}"


def endpoint_of(principal: str) -> str | None:
    """The serving endpoint whose model's service principal this is; None for any other principal."""
    return principal.removeprefix(_ENDPOINT) if principal.startswith(_ENDPOINT) else None


def secret(token: str, name: str) -> str:
    """The client secret of the service principal `name` in the workspace with this token."""
    return signatures.signature(token, f"secret {name}")


def access_token(token: str, name: str | None, audience: str | None = None, scopes: Collection[str] = ()) -> str:
    """A token of the service principal `name`, or of the user, valid for TOKEN_LIFE seconds.

    It is for one audience if there is one, and has these scopes if there are any.
    """
    subject = (name or "") + (f"{_OF_ONE_AUDIENCE}{audience}" if audience else "")
    subject += f"{_WITHIN_SCOPES}{' '.join(sorted(scopes)).encode().hex()}" if scopes else ""
    return _signed(token, subject, int(time.time()) + TOKEN_LIFE)


def lasting_token(token: str, name: str) -> str:
    """A token of the service principal that does not expire: for a process that can't ask for another."""
    return _signed(token, name, _NEVER)


def access(token: str, presented: str) -> Access | None:
    """What an access token says, None if it is not valid or has expired."""
    subject, text, *_ = [*presented.split("."), "", ""]
    ends = signatures.seconds(text)
    if ends is None or ends < time.time() or not signatures.same(_signed(token, subject, ends), presented):
        return None
    rest, _, encoded = subject.partition(_WITHIN_SCOPES)
    name, _, audience = rest.partition(_OF_ONE_AUDIENCE)
    scopes = frozenset(bytes.fromhex(encoded).decode().split(" ")) if encoded else None
    return Access(name or None, audience or None, scopes)


def holder(token: str, presented: str) -> str | None:
    """The service principal whose access token this is, None if it is not valid, has expired or is of no principal."""
    found = access(token, presented)
    return found.holder if found else None


def role_of(token: str, user: str, presented: str) -> str | None:
    """The Postgres role whose token this is: its holder's name. None if it is not valid, or is limited to an app."""
    found = access(token, presented)
    return None if found is None or found.audience or found.scopes else found.holder or user


def _signed(token: str, subject: str, ends: int) -> str:
    return f"{subject}.{ends}.{signatures.signature(token, f'access {subject} {ends}')}"
