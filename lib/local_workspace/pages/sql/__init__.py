"""SQL: the editor, results, the history of statements, and warehouses."""

from fastapi import APIRouter

from local_workspace.pages.sql import editor, history, results, warehouses

router = APIRouter(include_in_schema=False)
for _part in (editor, results, history, warehouses):
    router.include_router(_part.router)
