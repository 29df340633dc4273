"""What is in a schema, by kind, as its page and the tree show it."""

from dataclasses import dataclass, field

from local_workspace.engines.catalog import UnityCatalog
from local_workspace.pages.catalog.securable import path_of

TABLE_TYPES = {
    "MANAGED": "Managed table",
    "EXTERNAL": "External table",
    "VIEW": "View",
    "STREAMING_TABLE": "Streaming table",
    "MATERIALIZED_VIEW": "Materialized view",
}
"""The types of tables in words."""


@dataclass(frozen=True)
class Entry:
    """Something in a schema; `changed` is in ms."""

    name: str
    path: str
    type: str
    owner: str
    comment: str
    changed: int


@dataclass(frozen=True)
class Contents:
    """What is in a schema."""

    tables: list[Entry] = field(default_factory=list)
    volumes: list[Entry] = field(default_factory=list)
    models: list[Entry] = field(default_factory=list)
    functions: list[Entry] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, list[Entry]]]:
        """The kinds that the schema has something of, with their titles."""
        named = (
            ("Tables", self.tables),
            ("Volumes", self.volumes),
            ("Models", self.models),
            ("Functions", self.functions),
        )
        return [(title, entries) for title, entries in named if entries]


def contents(unity: UnityCatalog, catalog: str, schema: str, principal: str | None) -> Contents:
    """What is in a schema, by kind and name. Raises ApiError 404."""
    return Contents(
        [
            Entry(
                each["name"],
                path_of(each["full_name"]),
                TABLE_TYPES[each["table_type"]],
                each.get("owner", ""),
                each.get("comment", ""),
                each["updated_at"],
            )
            for each in unity.tables.list(catalog, schema)
        ],
        [
            Entry(
                each["name"],
                path_of(each["full_name"], "volume"),
                "Managed volume",
                each["owner"],
                each["comment"],
                each["updated_at"],
            )
            for each in unity.volumes.list(catalog, schema)
        ],
        [
            Entry(
                each["full_name"].rpartition(".")[2],
                path_of(each["full_name"], "model"),
                "Registered model",
                each["owner"],
                each["comment"],
                each["updated_at"],
            )
            for each in unity.models.models(f"{catalog}.{schema}")
            if unity.grants.may_use(each["full_name"], each["owner"], principal)
        ],
        [
            Entry(
                each["name"],
                path_of(each["full_name"], "function"),
                "Table function" if each["data_type"] == "TABLE_TYPE" else "Function",
                each["owner"],
                each.get("comment", ""),
                each["updated_at"],
            )
            for each in unity.functions.list(catalog, schema)
        ],
    )
