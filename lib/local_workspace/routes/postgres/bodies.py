"""The bodies of Lakebase requests. A field that a spec can't do without may be missing here: the route says which."""

from typing import Annotated

from pydantic import Field

from local_workspace.http.bodies import Body, Name, Text


class ProjectSpec(Body):
    """What a project shall be."""

    display_name: Annotated[Text, Field(max_length=255)] | None = None


class Project(Body):
    """A project to make."""

    spec: ProjectSpec | None = None


class RoleSpec(Body):
    """Whom to let in."""

    postgres_role: Text | None = None
    identity_type: Text | None = None


class Role(Body):
    """A role to make."""

    spec: RoleSpec | None = None


class DatabaseSpec(Body):
    """What a database shall be; `role` is the path of its owner."""

    postgres_database: Text | None = None
    role: Text | None = None


class Database(Body):
    """A database to make."""

    spec: DatabaseSpec | None = None


class CatalogSpec(Body):
    """Which database a catalog shows; `branch` is a path."""

    branch: Text | None = None
    postgres_database: Text | None = None
    create_database_if_missing: bool | None = None


class Catalog(Body):
    """A catalog to make."""

    spec: CatalogSpec | None = None


class SyncedTableSpec(Body):
    """Which Delta table to sync, by which key."""

    source_table_full_name: Text | None = None
    primary_key_columns: Annotated[list[Name], Field(max_length=32)] | None = None
    scheduling_policy: Text | None = None
    postgres_database: Text | None = None


class SyncedTable(Body):
    """A synced table to make."""

    spec: SyncedTableSpec | None = None


class Credential(Body):
    """The endpoint, as a path, to which a password is wanted."""

    endpoint: Text = ""
