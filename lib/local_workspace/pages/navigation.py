"""The side bar: the sections of the workspace, in the order and with the names of Databricks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """An entry of the side bar: its title, its first page, its icon's name in `templates/icons.html`, and what else
    belongs to it: the beginnings of paths.
    """

    title: str
    path: str
    icon: str
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether the page at `path` belongs to this section."""
        if self.path == "/":
            return path == "/"
        return any(f"{path}/".startswith(f"{beginning}/") for beginning in (self.path, *self.also))


GROUPS: tuple[tuple[str, tuple[Section, ...]], ...] = (
    (
        "",
        (
            Section("Home", "/", "home"),
            Section("Catalog", "/explore/data", "catalog", ("/explore",)),
            Section("Jobs", "/jobs", "jobs"),
            Section("Pipelines", "/pipelines", "pipelines"),
            Section("Compute", "/compute", "compute"),
        ),
    ),
    (
        "SQL",
        (
            Section("SQL Editor", "/sql/editor", "editor"),
            Section("SQL Warehouses", "/sql/warehouses", "warehouse"),
        ),
    ),
    (
        "AI/ML",
        (
            Section("Experiments", "/ml/experiments", "experiments"),
            Section("Serving", "/ml/endpoints", "serving"),
        ),
    ),
    (
        "Data and apps",
        (
            Section("Lakebase", "/lakebase", "lakebase", ("/compute/database-instances",)),
            Section("Apps", "/apps", "apps"),
        ),
    ),
)
"""The groups of the side bar, each with its heading and its sections."""


def current(path: str) -> Section | None:
    """The section that the page at `path` belongs to; None for one outside of all."""
    found = [section for _, sections in GROUPS for section in sections if section.holds(path)]
    return max(found, key=lambda section: len(section.path) + 10 * (path in section.also), default=None)
