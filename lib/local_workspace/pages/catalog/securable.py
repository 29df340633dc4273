"""What the pages of everything in the catalog share: the tabs, and who has which privileges."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Query

from local_workspace.engines.catalog import UnityCatalog
from local_workspace.engines.catalog.documents import EffectivePrivilege

WORDS = {
    "overview": "Overview",
    "sample": "Sample data",
    "details": "Details",
    "permissions": "Permissions",
    "history": "History",
    "lineage": "Lineage",
}
"""The titles of tabs by the names that Databricks' addresses have for them."""

Tab = Annotated[str, Query(alias="activeTab")]
"""The tab that an address names; an empty one is the first."""


@dataclass(frozen=True)
class Page:
    """A page of something in the catalog: its path, its tabs and the one that is shown, and where its tree opens.

    `kind` is the word of the permissions API: catalog, schema, table, volume or function, which a model is as well.
    """

    kind: str
    full_name: str
    path: str
    tabs: tuple[str, ...]
    tab: str

    @property
    def parts(self) -> list[str]:
        """The parts of the full name."""
        return self.full_name.split(".")

    @property
    def opened(self) -> str:
        """The schema that is opened in the tree."""
        return ".".join(self.parts[:2])

    @property
    def links(self) -> list[tuple[str, str]]:
        """Titles and addresses of the tabs."""
        return [(WORDS[tab], self._address(tab)) for tab in self.tabs]

    @property
    def current(self) -> str:
        """The address of the tab that is shown."""
        return self._address(self.tab)

    def _address(self, tab: str) -> str:
        return self.path if tab == self.tabs[0] else f"{self.path}?activeTab={tab}"


def page(kind: str, full_name: str, tabs: tuple[str, ...], tab: str) -> Page:
    """The page of something; a tab that it doesn't have is the first one."""
    return Page(kind, full_name, path_of(full_name, kind), tabs, tab if tab in tabs else tabs[0])


def path_of(full_name: str, kind: str = "table") -> str:
    """The address of something in the catalog; `kind` may be model, too."""
    folder = f"{kind}s/" if kind in ("volume", "function", "model") else ""
    return f"/explore/data/{folder}" + "/".join(quote(part, safe="") for part in full_name.split("."))


@dataclass(frozen=True)
class Privilege:
    """A privilege of a principal; `source` is what it was granted on, as kind and name, if that is further up."""

    principal: str
    name: str
    source: tuple[str, str] | None


def privileges(unity: UnityCatalog, page: Page) -> list[Privilege]:
    """The privileges on something with those that it inherits; none unless the page shows them."""
    if page.tab != "permissions":
        return []
    return [
        Privilege(found["principal"], privilege["privilege"], _source(privilege))
        for found in unity.grants.effective("function" if page.kind == "model" else page.kind, page.full_name)
        for privilege in found["privileges"]
    ]


def _source(privilege: EffectivePrivilege) -> tuple[str, str] | None:
    if "inherited_from_name" not in privilege:
        return None
    return privilege["inherited_from_type"].lower(), privilege["inherited_from_name"]
