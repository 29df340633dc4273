"""The grants on apps and projects."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from local_workspace.runtime.permissions import APPS, CAN_USE, Permissions, of_principal
from local_workspace.runtime.store import Store


@pytest.fixture
def permissions(tmp_path):
    store = Store(tmp_path / "store.db")
    yield Permissions(store, APPS)
    store.close()


def test_of_grants_and_revocations_at_the_same_time_none_is_lost(permissions):
    leaving, coming = ([f"{word}-{number}" for number in range(40)] for word in ("leaves", "comes"))
    permissions.replace("shop", [of_principal(name, CAN_USE) for name in leaving])
    with ThreadPoolExecutor(8) as pool:
        revoked = pool.map(permissions.revoke, leaving)
        added = pool.map(lambda name: permissions.add("shop", [of_principal(name, CAN_USE)]), coming)
        list(revoked), list(added)
    assert sorted(grant["name"] for grant in permissions.of("shop")) == sorted(coming)
