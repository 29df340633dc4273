"""Shared by the tests of Unity Catalog: somebody else who can own things and be granted privileges."""

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient


@pytest.fixture(scope="module")
def cook(w: WorkspaceClient) -> Iterator[str]:
    """The name of a second user."""
    made = w.users.create(user_name="cook@localhost")
    yield made.user_name
    w.users.delete(made.id)
