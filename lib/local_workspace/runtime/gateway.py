"""The contract between an app's engine and the gateway in front of the app."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

type Address = Path | int
"""Where an app's process listens: a unix socket, or a loopback port."""


class AppBehind(Protocol):
    """The app behind a gateway, asked at each request: its process and its permissions change."""

    name: str

    def address(self) -> Address:
        """Where its process listens. Raises ApiError 404 or 503 with the reason if none does."""

    def audience(self) -> str:
        """The audience of the tokens that are for this app alone."""

    def may_use(self, principal: str) -> bool:
        """Whether a user or service principal may use it. An administrator may use every app."""

    def scopes(self) -> list[str]:
        """Within which scopes the app may act as its callers; none if no user scopes are set for it."""


class Listener(Protocol):
    """A gateway that runs."""

    def close(self) -> None:
        """End it. Safe to call twice."""


Listen = Callable[[AppBehind, int], Listener]
"""Starts a gateway for an app on a port. Raises OSError if the port is taken."""
