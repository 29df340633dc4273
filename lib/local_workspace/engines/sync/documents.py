"""Synced tables as they are asked for and as they are stored."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict


@dataclass(frozen=True)
class Wanted:
    """A synced table to make: Delta table `source` under the name `id`, both `catalog.schema.table`.

    `storage_catalog` and `storage_schema` are where the sync pipeline may keep its files, None if they were not sent;
    `database` must be that of the catalog, if it was sent.
    """

    id: str
    source: str
    key: list[str]
    policy: str
    storage_catalog: str | None = None
    storage_schema: str | None = None
    database: str | None = None


class SyncedTable(TypedDict):
    """A synced table `id`: the Delta table `source`, which lay at `path`, and the Postgres table with its key."""

    id: str
    uid: str
    create_time: str
    project: str
    database: str
    schema: str
    table: str
    key: list[str]
    source: str
    source_schema: str
    source_table: str
    path: str
    storage_catalog: NotRequired[str]
    storage_schema: NotRequired[str]
