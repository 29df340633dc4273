"""The history of statements."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Statements, Warehouses
from local_workspace.pages.rendering import render
from local_workspace.routes.object_access import WAREHOUSES, sees

router = APIRouter()

_SHOWN = 200
STATES = ("SUCCEEDED", "FAILED", "CANCELED", "RUNNING")


@router.get("/sql/history")
def history(
    request: Request, statements: Statements, warehouses: Warehouses, state: Text = "", text: Text = ""
) -> HTMLResponse:
    """The newest statements on warehouses that the caller may see, all or those with a `state` or a `text` in them."""
    found = [
        entry
        for entry in statements.history.list()
        if state in ("", entry.state)
        and text.lower() in entry.statement.text.lower()
        and sees(request, WAREHOUSES, entry.statement.warehouse)
    ]
    return render(
        request,
        "sql/history.html",
        entries=found[:_SHOWN],
        more=len(found) > _SHOWN,
        names={doc["id"]: doc["name"] for doc in warehouses.list()},
        states=STATES,
        state=state,
        text=text,
    )
