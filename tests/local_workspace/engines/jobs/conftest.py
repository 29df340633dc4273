"""Shared by the tests of jobs: one workspace with jobs a module, in a home of its own."""

from collections.abc import Iterator

import pytest

from job_workspace import JobWorkspace, serving


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobWorkspace]:
    """A job workspace with its server, which has no warehouse."""
    with serving(tmp_path_factory.mktemp("jobs") / "home") as workspace:
        yield workspace
