"""The sections that clients put on the home page."""

from typing import TypedDict

from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.store import Store

MOST_SECTIONS = 100


class GuideItem(TypedDict):
    """A line: a text, a detail beside it, and the path of the page that it leads to; the last two may be empty."""

    text: str
    detail: str
    path: str


class GuideSection(TypedDict):
    """A titled list; sections are shown in the order of `position`, then in that of their first writing."""

    key: str
    title: str
    position: int
    items: list[GuideItem]


class GuideEngine:
    """The sections, each under the key that its client gave it."""

    def __init__(self, store: Store) -> None:
        self._documents = Documents[GuideSection](store, "guide_section")

    def list(self) -> list[GuideSection]:
        """All sections in the order in which they are shown."""
        return sorted(self._documents.list(), key=lambda section: section["position"])

    def put(self, section: GuideSection) -> GuideSection:
        """Write a section; one of that key is replaced. Raises ApiError 400 if there are too many."""
        known = self._documents.get(section["key"]) is not None
        if not known and len(self._documents.list()) >= MOST_SECTIONS:
            raise invalid(f"The home page holds {MOST_SECTIONS} sections; delete one first.")
        self._documents.put(section["key"], section)
        return section

    def delete(self, key: str) -> None:
        """Remove a section. Raises ApiError 404."""
        if not self._documents.delete(key):
            raise not_found(f"The home page has no section {key[:80]!r}.")
