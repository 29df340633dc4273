"""The catalog: schemas, tables, views, functions, volumes and models."""

from fastapi import APIRouter

from local_workspace.pages.catalog import containers, function, model, table, tree, volume

router = APIRouter(include_in_schema=False)
for _part in (tree, volume, function, model, containers, table):  # paths of fixed words before those of any catalog
    router.include_router(_part.router)
