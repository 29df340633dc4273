"""The stored documents of synced tables."""

from typing import TypedDict


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
