"""The permissions on secret scopes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from local_workspace.engines.secrets.acls import MANAGE, READ, ScopeAcls
from local_workspace.runtime.store import Store


@pytest.fixture
def acls(tmp_path):
    store = Store(tmp_path / "store.db")
    yield ScopeAcls(store)
    store.close()


def test_of_permissions_given_and_taken_at_the_same_time_none_is_lost(acls):
    acls.start("kitchen", "chef")
    leaving, coming = ([f"{word}-{number}" for number in range(40)] for word in ("leaves", "comes"))
    for name in leaving:
        acls.put("kitchen", name, READ)
    with ThreadPoolExecutor(8) as pool:
        taken = pool.map(lambda name: acls.delete("kitchen", name), leaving)
        given = pool.map(lambda name: acls.put("kitchen", name, READ), coming)
        list(taken), list(given)
    assert acls.of("kitchen") == {"chef": MANAGE, **dict.fromkeys(coming, READ)}
