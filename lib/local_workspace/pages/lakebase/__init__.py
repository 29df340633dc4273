"""Lakebase: projects, their databases and synced tables, a query that only reads, and the way in with psql."""

from fastapi import APIRouter

from local_workspace.pages.lakebase import listing, project, query

router = APIRouter(include_in_schema=False)
for _part in (listing, project, query):
    router.include_router(_part.router)
