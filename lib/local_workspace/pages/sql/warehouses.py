"""SQL warehouses."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Statements, Warehouses
from local_workspace.pages.rendering import render, seen
from local_workspace.routes.object_access import WAREHOUSES, Needs, check_makes_warehouses, give_to_maker, visible
from local_workspace.runtime.errors import invalid

router = APIRouter()

_SHOWN = 20


@router.get("/sql/warehouses")
def warehouses(request: Request, engine: Warehouses) -> HTMLResponse:
    """Every warehouse that the caller may see, with its state."""
    return render(
        request, "sql/warehouses.html", warehouses=visible(request, WAREHOUSES, engine.list(), lambda doc: doc["id"])
    )


@router.post("/sql/warehouses")
def create(request: Request, engine: Warehouses, name: Annotated[str, Form()] = "") -> Response:
    """Create a warehouse."""
    if not name.strip():
        raise invalid("Give the warehouse a name.")
    check_makes_warehouses(request)
    made = engine.create(name.strip(), {})["id"]
    give_to_maker(request, WAREHOUSES, made)
    return seen(f"/sql/warehouses/{made}")


@router.get("/sql/warehouses/{warehouse_id}", dependencies=[Depends(Needs(WAREHOUSES, "warehouse_id", "CAN_VIEW"))])
def warehouse(request: Request, engine: Warehouses, statements: Statements, warehouse_id: Text) -> HTMLResponse:
    """A warehouse with how to reach it and its last statements."""
    found = engine.get(warehouse_id)
    entries = [entry for entry in statements.history.list() if entry.statement.warehouse == warehouse_id]
    host = str(request.base_url).rstrip("/")
    return render(request, "sql/warehouse.html", warehouse=found, host=host, entries=entries[:_SHOWN], names={})


@router.post("/sql/warehouses/{warehouse_id}/delete", dependencies=[Depends(Needs(WAREHOUSES, "warehouse_id", OWNER))])
def delete(engine: Warehouses, warehouse_id: Text) -> Response:
    """Remove a warehouse."""
    engine.delete(warehouse_id)
    return seen("/sql/warehouses")
