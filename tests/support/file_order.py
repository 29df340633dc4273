"""The order in which xdist's workers take the test files.

What shares a workspace comes early, since it takes longest: no worker is left with it alone at the end. A file with the
mark `starts_workspace` comes first, as the class archive that its Spark server writes serves the shared ones; one with
the mark `empties_workspace` comes after all others that share a workspace.
"""

from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[1] / "app"  # its fixture `workspace` is a small server


def order(items: list[pytest.Item]) -> None:
    """Sort the tests by file: those that start a workspace, those that share one, the one that empties it, others."""
    first, last = _marked(items, "starts_workspace"), _marked(items, "empties_workspace")
    shared = {item.path for item in items if _uses_shared_workspace(item)}
    items.sort(key=lambda item: (item.path not in first, item.path not in shared, item.path in last))


def _marked(items: list[pytest.Item], mark: str) -> set[Path]:
    return {item.path for item in items if item.get_closest_marker(mark)}


def _uses_shared_workspace(item: pytest.Item) -> bool:
    """Whether it needs the fixture `workspace`, itself or through others."""
    return isinstance(item, pytest.Function) and "workspace" in item.fixturenames and not item.path.is_relative_to(APP)
