"""Databases that are registered as catalogs."""

from fastapi import APIRouter

from local_workspace.engines.postgres import names, shapes
from local_workspace.http.bodies import Name
from local_workspace.routes.postgres import bodies
from local_workspace.routes.postgres.shared import Engine, Json, done, fields

router = APIRouter()


@router.post("/catalogs")
def create_catalog(engine: Engine, catalog_id: Name, body: bodies.Catalog) -> Json:
    """Show a database as a catalog."""
    spec = fields(body.spec, "branch", "postgres_database")
    doc = engine.create_catalog(
        catalog_id,
        names.project_of(spec["branch"]),
        spec["postgres_database"],
        spec.get("create_database_if_missing", False),
    )
    return done(f"catalogs/{catalog_id}", "create", shapes.catalog(doc))


@router.get("/catalogs/{catalog}")
def get_catalog(engine: Engine, catalog: Name) -> Json:
    """One catalog."""
    return shapes.catalog(engine.catalog(catalog))


@router.delete("/catalogs/{catalog}")
def delete_catalog(engine: Engine, catalog: Name) -> Json:
    """Take a catalog off its database."""
    engine.delete_catalog(catalog)
    return done(f"catalogs/{catalog}", "delete", {})
