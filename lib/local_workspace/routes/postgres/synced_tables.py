"""Delta tables that are kept in step with a table in Postgres."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from local_workspace.engines.postgres import PostgresEngine, names, shapes
from local_workspace.engines.sync import Wanted
from local_workspace.http.bodies import Text
from local_workspace.routes.postgres import bodies
from local_workspace.routes.postgres.shared import Engine, Json, done, fields
from local_workspace.runtime.errors import invalid

router = APIRouter()
TableName = Annotated[Text, Field(max_length=767)]  # three names of 255 characters, with points between them


def shown_table(engine: PostgresEngine, table: str) -> Json:
    """A synced table and how its sync stands. Raises 404."""
    doc, progress = engine.synced.get(table)
    return shapes.synced_table(doc, progress, engine.synced.newest(doc))


@router.post("/synced_tables")
def create_synced_table(engine: Engine, synced_table_id: TableName, body: bodies.SyncedTable) -> Json:
    """Begin to sync a Delta table."""
    spec = fields(body.spec, "source_table_full_name", "primary_key_columns", "scheduling_policy")
    if branch := spec.get("branch"):
        _check_branch(engine, synced_table_id, branch)
    storage = spec.get("new_pipeline_spec", {})
    engine.synced.create(
        Wanted(
            synced_table_id,
            spec["source_table_full_name"],
            spec["primary_key_columns"],
            spec["scheduling_policy"],
            storage.get("storage_catalog"),
            storage.get("storage_schema"),
            spec.get("postgres_database"),
        )
    )
    return done(f"synced_tables/{synced_table_id}", "create", shown_table(engine, synced_table_id))


@router.get("/synced_tables/{table}")
def get_synced_table(engine: Engine, table: TableName) -> Json:
    """One synced table and how its sync stands."""
    return shown_table(engine, table)


@router.delete("/synced_tables/{table}")
def delete_synced_table(engine: Engine, table: TableName) -> Json:
    """End a sync and drop its Postgres table."""
    engine.synced.delete(table)
    return done(f"synced_tables/{table}", "delete", {})


def _check_branch(engine: PostgresEngine, table: str, branch: str) -> None:
    catalog = table.partition(".")[0]
    project, _ = engine.catalog_target(catalog)
    if branch != names.branch_path(project):
        raise invalid(f"Catalog {catalog} is on {names.branch_path(project)}, not on {branch}.")
