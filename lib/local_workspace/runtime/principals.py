"""Who holds a token: OAuth access tokens, and the secrets of the service principals that apps sign in with.

All of it is derived from the workspace's own token, so nothing is stored, and a restart changes nothing. That token
itself is a personal access token of the workspace's own user: it opens the workspace's API, but no app.

A token names its holder: nobody for the workspace's own user, `user-` and the id of another user, or the application
id of a service principal. A `Directory` knows who that is now.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from local_workspace.runtime import signatures

TOKEN_LIFE = 3600  # seconds
REFRESH_LIFE = 30 * 24 * 3600
REFRESH = "*refresh"  # the audience of refresh tokens, which no app can have
_NEVER = 2**40  # seconds since 1970
_ENDPOINT = "endpoint-"
_USER = "user-"
_OF_ONE_AUDIENCE = "~"  # between a token's holder and its audience; in no name of a service principal
_WITHIN_SCOPES = "!"  # before a token's scopes, which are in hexadecimal digits: they have periods


@dataclass(frozen=True)
class Access:
    """What an access token says: its holder, None for the workspace's own user, and its one audience, None for all.

    `scopes` are those that an app has of its caller, None for a token without limits.
    """

    holder: str | None
    audience: str | None = None
    scopes: frozenset[str] | None = None


class Directory(Protocol):
    """The people and service principals of a workspace."""

    def name_of(self, holder: str, /) -> str | None:
        """The name under which a token's holder gets permissions; None once it is gone or not active."""

    def is_admin(self, name: str, /) -> bool:
        """Whether the user or service principal of that name is an administrator."""

    def is_known(self, name: str, /) -> bool:
        """Whether there is a user or service principal of that name."""

    def scopes_of(self, client_id: str, client_secret: str, /) -> Collection[str] | None:
        """The scopes that a service principal's secret is bound to, empty if to none; None if the secret is wrong."""


class _Unlisted:
    """A directory without entries, which takes every holder for what its token says."""

    def name_of(self, holder: str, /) -> str | None:
        return holder

    def is_admin(self, _: str, /) -> bool:
        return False

    def is_known(self, _: str, /) -> bool:
        return True

    def scopes_of(self, _id: str, _secret: str, /) -> Collection[str] | None:
        return None


UNLISTED: Directory = _Unlisted()
"""For a server that keeps no users."""


def service_principal(app: str) -> str:
    """The client id of an app."""
    return f"app-{app}"


def of_endpoint(endpoint: str) -> str:
    """The service principal of a serving endpoint's model."""
    return f"{_ENDPOINT}{endpoint}"


def endpoint_of(principal: str) -> str | None:
    """The serving endpoint whose model's service principal this is; None for any other principal."""
    is_endpoints = principal.startswith(_ENDPOINT) and not is_user(principal)
    return principal.removeprefix(_ENDPOINT) if is_endpoints else None


def of_user(user_id: str) -> str:
    """The holder of the tokens of a user other than the workspace's own."""
    return f"{_USER}{user_id}"


def user_id_of(holder: str) -> str | None:
    """The id of the user who holds a token; None for a service principal."""
    return holder.removeprefix(_USER) if holder.startswith(_USER) else None


def is_user(name: str) -> bool:
    """Whether the name is a user's, which is an e-mail address, and no service principal's application id."""
    return "@" in name


def secret(token: str, name: str) -> str:
    """The client secret of the service principal `name` in the workspace with this token."""
    return signatures.signature(token, f"secret {name}")


def access_token(token: str, holder: str | None, audience: str | None = None, scopes: Collection[str] = ()) -> str:
    """A token of `holder`, or of the workspace's own user, valid for TOKEN_LIFE seconds.

    It is for one audience if there is one, and has these scopes if there are any.
    """
    return _signed(token, _subject(holder, audience, scopes), int(time.time()) + TOKEN_LIFE)


def refresh_token(token: str, holder: str | None, scopes: Collection[str] = ()) -> str:
    """A token with which `holder` gets access tokens with these scopes, valid for REFRESH_LIFE seconds."""
    return _signed(token, _subject(holder, REFRESH, scopes), int(time.time()) + REFRESH_LIFE)


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
    """The holder whose access token this is, None if it is not valid, has expired or is the workspace's own user's."""
    found = access(token, presented)
    return found.holder if found else None


def role_of(token: str, user: str, directory: Directory, presented: str) -> str | None:
    """The Postgres role whose token this is: its holder's name. None if it is not valid, or is limited to an app.

    `user` is the workspace's own.
    """
    found = access(token, presented)
    if found is None or found.audience or found.scopes:
        return None
    return directory.name_of(found.holder) if found.holder else user


def _subject(holder: str | None, audience: str | None, scopes: Collection[str]) -> str:
    subject = (holder or "") + (f"{_OF_ONE_AUDIENCE}{audience}" if audience else "")
    return subject + (f"{_WITHIN_SCOPES}{' '.join(sorted(scopes)).encode().hex()}" if scopes else "")


def _signed(token: str, subject: str, ends: int) -> str:
    return f"{subject}.{ends}.{signatures.signature(token, f'access {subject} {ends}')}"
