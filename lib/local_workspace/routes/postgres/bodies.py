"""The bodies of Lakebase requests. A field that a spec can't do without may be missing here: the route says which.

The fields of type Ignored are about costs, sizes and recovery; here they have no effect.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from local_workspace.engines.postgres.programs import PG_VERSION
from local_workspace.http.bodies import Body, Name, StrictBody, Text

Ignored = JsonValue


class ProjectSpec(StrictBody):
    """What a project shall be."""

    display_name: Annotated[Text, Field(max_length=255)] | None = None
    pg_version: Annotated[int, Field(ge=PG_VERSION, le=PG_VERSION)] | None = None
    budget_policy_id: Ignored = None
    custom_tags: Ignored = None
    default_endpoint_settings: Ignored = None
    enable_pg_native_login: Ignored = None
    history_retention_duration: Ignored = None


class Project(Body):
    """A project to make."""

    spec: ProjectSpec | None = None


class EndpointSpec(StrictBody):
    """What of an endpoint shall change."""

    endpoint_type: Literal["ENDPOINT_TYPE_READ_WRITE"] | None = None
    disabled: bool | None = None


class Endpoint(Body):
    """An endpoint to change."""

    spec: EndpointSpec | None = None


class RoleSpec(StrictBody):
    """Whom to let in."""

    postgres_role: Text | None = None
    identity_type: Text | None = None
    auth_method: Literal["LAKEBASE_OAUTH_V1"] | None = None


class Role(Body):
    """A role to make."""

    spec: RoleSpec | None = None


class DatabaseSpec(StrictBody):
    """What a database shall be; `role` is the path of its owner."""

    postgres_database: Text | None = None
    role: Text | None = None


class Database(Body):
    """A database to make."""

    spec: DatabaseSpec | None = None


class CatalogSpec(StrictBody):
    """Which database a catalog shows; `branch` is a path."""

    branch: Text | None = None
    postgres_database: Text | None = None
    create_database_if_missing: bool | None = None


class Catalog(Body):
    """A catalog to make."""

    spec: CatalogSpec | None = None


class NewPipelineSpec(StrictBody):
    """Where the pipeline of a synced table keeps its files."""

    storage_catalog: Name | None = None
    storage_schema: Name | None = None
    pipeline_channel: Literal["CURRENT", "PREVIEW"] | None = None
    budget_policy_id: Ignored = None


class SyncedTableSpec(StrictBody):
    """Which Delta table to sync, by which key."""

    source_table_full_name: Text | None = None
    primary_key_columns: Annotated[list[Name], Field(max_length=32)] | None = None
    scheduling_policy: Text | None = None
    branch: Text | None = None
    postgres_database: Text | None = None
    create_database_objects_if_missing: Literal[True] | None = None
    accelerated_sync: Ignored = None
    new_pipeline_spec: NewPipelineSpec | None = None


class SyncedTable(Body):
    """A synced table to make."""

    spec: SyncedTableSpec | None = None


class Credential(StrictBody):
    """The endpoint, as a path, to which a password is wanted."""

    endpoint: Text = ""
