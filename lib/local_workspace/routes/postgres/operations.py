"""How a creation or deletion came out. It was done before it was answered, so its name tells its result."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from local_workspace.engines.postgres import PostgresEngine, shapes
from local_workspace.http.bodies import Text
from local_workspace.routes.postgres.databases import shown_role
from local_workspace.routes.postgres.shared import Engine, Json, done, on_branch, shown_endpoint
from local_workspace.routes.postgres.synced_tables import shown_table
from local_workspace.runtime.errors import not_found

router = APIRouter()
Resource = Annotated[Text, Field(max_length=1024)]


@router.get("/{resource:path}/operations/create")
def created(engine: Engine, resource: Resource) -> Json:
    """How a creation came out: the resource."""
    return done(resource, "create", _shown(engine, resource))


@router.get("/{resource:path}/operations/update")
def updated(engine: Engine, resource: Resource) -> Json:
    """How a change came out: the resource."""
    return done(resource, "update", _shown(engine, resource))


@router.get("/{resource:path}/operations/delete")
def deleted(resource: Resource) -> Json:
    """How a deletion came out."""
    return done(resource, "delete", {})


def _shown(engine: PostgresEngine, resource: str) -> Json:
    match resource.split("/"):
        case ["projects", project]:
            return shapes.project(engine.project(project))
        case ["projects", project, "branches", branch, "endpoints", endpoint]:
            return shown_endpoint(engine, project, branch, endpoint)
        case ["projects", project, "branches", branch, "databases", database]:
            return shapes.database(on_branch(engine, project, branch).database(project, database))
        case ["projects", project, "branches", branch, "roles", role]:
            return shown_role(on_branch(engine, project, branch), project, role)
        case ["catalogs", catalog]:
            return shapes.catalog(engine.catalog(catalog))
        case ["synced_tables", table]:
            return shown_table(engine, table)
    raise not_found(f"No operation created {resource}.")
