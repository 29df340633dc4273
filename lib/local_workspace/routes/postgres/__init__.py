"""Lakebase's API (`w.postgres`)."""

from fastapi import APIRouter

from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.postgres import catalogs, databases, operations, permissions, projects, synced_tables

router = APIRouter(dependencies=[REFUSE_UNKNOWN])
for _part in (operations, projects, databases, catalogs, synced_tables):
    router.include_router(_part.router, prefix="/api/2.0/postgres")
router.include_router(permissions.router)
