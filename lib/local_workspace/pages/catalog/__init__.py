"""The catalog: schemas, tables, views, functions, volumes and models."""

from fastapi import APIRouter

from local_workspace.pages.catalog import listing

router = APIRouter(include_in_schema=False)
for _part in (listing,):
    router.include_router(_part.router)
