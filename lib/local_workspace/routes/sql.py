"""SQL warehouses and the Statement Execution API."""

from fastapi import APIRouter, Request

from local_workspace.engines.sql import StatementsEngine
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0/sql")


def _engine(request: Request) -> StatementsEngine:
    return request.app.state.engines.statements


@router.post("/warehouses")
def create_warehouse(request: Request, body: dict) -> dict:
    """Create a warehouse."""
    return {"id": _engine(request).create_warehouse(body.get("name", ""), body)["id"]}


@router.get("/warehouses")
def list_warehouses(request: Request) -> dict:
    """List warehouses."""
    return {"warehouses": _engine(request).list_warehouses()}


@router.get("/warehouses/{warehouse_id}")
def get_warehouse(request: Request, warehouse_id: str) -> dict:
    """Get a warehouse."""
    return _engine(request).get_warehouse(warehouse_id)


@router.delete("/warehouses/{warehouse_id}")
def delete_warehouse(request: Request, warehouse_id: str) -> dict:
    """Delete a warehouse."""
    _engine(request).delete_warehouse(warehouse_id)
    return {}


@router.post("/statements")
def execute(request: Request, body: dict) -> dict:
    """Run a statement."""
    if not (body.get("statement") or "").strip():
        raise invalid("statement is empty")
    if body.get("format", "JSON_ARRAY") != "JSON_ARRAY" or body.get("disposition", "INLINE") != "INLINE":
        raise invalid("a local workspace answers statements as INLINE JSON_ARRAY only")
    return _engine(request).execute(body, _seconds(body.get("wait_timeout") or "10s"))


@router.get("/statements/{statement_id}")
def get_statement(request: Request, statement_id: str) -> dict:
    """A statement's state and result."""
    return _engine(request).get(statement_id)


@router.get("/statements/{statement_id}/result/chunks/{chunk_index}")
def get_chunk(request: Request, statement_id: str, chunk_index: int) -> dict:
    """A chunk of the result; there is one."""
    return _engine(request).get(statement_id).get("result", {})


def _seconds(text: str) -> float:
    if not text.endswith("s") or not text[:-1].isdigit():
        raise invalid(f"wait_timeout {text!r} is no number of seconds such as '30s'")
    return float(text[:-1])
