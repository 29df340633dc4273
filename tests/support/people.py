"""The users and service principals of a workspace for tests."""

from local_workspace.engines.identity import IdentityEngine
from local_workspace.runtime.store import Store


def identity_of(store: Store, user: str, *clients: str) -> IdentityEngine:
    """An engine whose own user is `user`, with the service principals of apps that `clients` names."""
    ids = {name: str(number) for number, name in enumerate(clients, 7)}
    return IdentityEngine(store, user, lambda: ids, lambda _: None)
