"""Lakebase's API (`w.postgres`)."""

from fastapi import APIRouter

from local_workspace.routes.postgres import catalogs, databases, operations, projects, synced_tables

router = APIRouter(prefix="/api/2.0/postgres")
for _part in (operations, projects, databases, catalogs, synced_tables):
    router.include_router(_part.router)
