"""SQL warehouses."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Statements, Warehouses
from local_workspace.pages.rendering import render, seen
from local_workspace.runtime.errors import invalid

router = APIRouter()

_SHOWN = 20


@router.get("/sql/warehouses")
def warehouses(request: Request, engine: Warehouses) -> HTMLResponse:
    """Every warehouse with its state."""
    return render(request, "sql/warehouses.html", warehouses=engine.list())


@router.post("/sql/warehouses")
def create(engine: Warehouses, name: Annotated[str, Form()] = "") -> Response:
    """Create a warehouse."""
    if not name.strip():
        raise invalid("Give the warehouse a name.")
    return seen(f"/sql/warehouses/{engine.create(name.strip(), {})['id']}")


@router.get("/sql/warehouses/{warehouse_id}")
def warehouse(request: Request, engine: Warehouses, statements: Statements, warehouse_id: Text) -> HTMLResponse:
    """A warehouse with how to reach it and its last statements."""
    found = engine.get(warehouse_id)
    entries = [entry for entry in statements.history.list() if entry.statement.warehouse == warehouse_id]
    host = str(request.base_url).rstrip("/")
    return render(request, "sql/warehouse.html", warehouse=found, host=host, entries=entries[:_SHOWN], names={})


@router.post("/sql/warehouses/{warehouse_id}/delete")
def delete(engine: Warehouses, warehouse_id: Text) -> Response:
    """Remove a warehouse."""
    engine.delete(warehouse_id)
    return seen("/sql/warehouses")
