"""What each of xdist's workers runs: a file at a time, and one of them all that needs the shared workspace.

A second workspace would cost a minute of both cores and 3 GB. A file that is marked `xdist_group("workspace")` comes
first: it starts a workspace of its own, and the class archive that its server writes serves the shared one. A file that
is marked `empties_workspace` comes last of the group.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUP = "workspace"
APP = Path(__file__).resolve().parents[1] / "app"  # its fixture of that name is a small server


class WorkUnits(LoadScopeScheduling):
    """A unit a file, and one for the group."""

    def _split_scope(self, nodeid: str) -> str:
        return GROUP if nodeid.endswith(f"@{GROUP}") else nodeid.split("::")[0]


def order(items: list[pytest.Item]) -> None:
    """Sort the files: those with the mark, those that use the shared workspace, which get it, and the others.

    What empties the workspace is the last of those that share it.
    """
    marked = {item.path for item in items if item.get_closest_marker("xdist_group")}
    shared = {item.path for item in items if uses_shared_workspace(item)} - marked
    last = {item.path for item in items if item.get_closest_marker("empties_workspace")}
    items.sort(key=lambda item: (item.path not in marked, item.path not in shared, item.path in last))
    for item in items:
        if item.path in shared:
            item.add_marker(pytest.mark.xdist_group(GROUP))


def uses_shared_workspace(item: pytest.Item) -> bool:
    """Whether it needs the fixture `workspace`, itself or through others."""
    return isinstance(item, pytest.Function) and GROUP in item.fixturenames and not item.path.is_relative_to(APP)
