"""Documents of projects and catalogs, as they are stored and as the engine returns them."""

from typing import NotRequired, TypedDict


class StoredProject(TypedDict):
    """A project in the store; `host` and `port` are where its server listened last, None before the first start."""

    project_id: str
    display_name: str
    uid: str
    create_time: str
    port: int | None
    host: NotRequired[str]
    deleting: NotRequired[bool]
    disabled: NotRequired[bool]


class Project(StoredProject):
    """A project with what all have in common: the owner and the version of Postgres."""

    owner: str
    pg_version: int


class Catalog(TypedDict):
    """A database that is registered as a catalog."""

    catalog_id: str
    project: str
    database: str
    uid: str
    create_time: str


class Database(TypedDict):
    """A database of a project; `id` is the last part of its path, `role` its owner."""

    project: str
    name: str
    id: str
    role: str


class Credential(TypedDict):
    """A password and its expiry time (ISO 8601)."""

    token: str
    expire_time: str


class PostgresResource(TypedDict):
    """An app's Postgres: the path of a branch, and a database as a path or a name."""

    branch: str
    database: str
