"""SQL warehouses and the Statement Execution API."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from local_workspace.engines.sql import Limits, Parameter, Statement, StatementsEngine, WarehousesEngine
from local_workspace.http.bodies import Body, Text
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0/sql")

Json = Mapping[str, object]


class NewWarehouse(Body):
    """A warehouse to create; settings of its size are stored without effect."""

    name: Text = ""
    cluster_size: Text | None = None


class StatementParameter(Body):
    """A value for `:name`; without `value` it is NULL."""

    name: Text
    value: Text | None = None
    type: Text | None = None


class NewStatement(Body):
    """A statement to run."""

    statement: Text
    warehouse_id: Text
    catalog: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    parameters: list[StatementParameter] | None = None
    row_limit: int | None = Field(None, ge=0)
    byte_limit: int | None = Field(None, ge=0)
    wait_timeout: str | None = Field(None, pattern="^(0|[5-9]|[1-4][0-9]|50)s$", description="0s, or 5s to 50s")
    on_wait_timeout: Literal["CONTINUE", "CANCEL"] | None = None
    format: Text | None = None
    disposition: Text | None = None


def _warehouses(request: Request) -> WarehousesEngine:
    engine: WarehousesEngine = request.app.state.engines.warehouses
    return engine


def _statements(request: Request) -> StatementsEngine:
    engine: StatementsEngine = request.app.state.engines.statements
    return engine


Warehouses = Annotated[WarehousesEngine, Depends(_warehouses)]
Statements = Annotated[StatementsEngine, Depends(_statements)]


@router.post("/warehouses")
def create_warehouse(warehouses: Warehouses, body: NewWarehouse) -> Json:
    """Create a warehouse."""
    return {"id": warehouses.create(body.name, body.sent())["id"]}


@router.get("/warehouses")
def list_warehouses(warehouses: Warehouses) -> Json:
    """List warehouses."""
    return {"warehouses": warehouses.list()}


@router.get("/warehouses/{warehouse_id}")
def get_warehouse(warehouses: Warehouses, warehouse_id: Text) -> Json:
    """Get a warehouse."""
    return warehouses.get(warehouse_id)


@router.delete("/warehouses/{warehouse_id}")
def delete_warehouse(warehouses: Warehouses, warehouse_id: Text) -> Json:
    """Delete a warehouse."""
    warehouses.delete(warehouse_id)
    return {}


@router.post("/statements")
def execute(warehouses: Warehouses, statements: Statements, body: NewStatement) -> Json:
    """Run a statement."""
    if not body.statement.strip():
        raise invalid("statement is empty")
    if (body.format or "JSON_ARRAY") != "JSON_ARRAY" or (body.disposition or "INLINE") != "INLINE":
        raise invalid(
            "A local workspace answers statements as INLINE JSON_ARRAY only: leave out format and disposition, or read "
            "the rows with databricks-connect."
        )
    warehouses.get(body.warehouse_id)
    parameters = [Parameter(each.name, each.value, each.type or "STRING") for each in body.parameters or []]
    limits = Limits(body.row_limit or None, body.byte_limit or None)
    statement = Statement(body.statement, parameters, body.schema_name, limits, body.catalog)
    seconds = int((body.wait_timeout or "10s").removesuffix("s"))
    return statements.execute(statement, seconds, cancel=bool(seconds) and body.on_wait_timeout == "CANCEL")


@router.get("/statements/{statement_id}")
def get_statement(statements: Statements, statement_id: Text) -> Json:
    """A statement's state and result."""
    return statements.get(statement_id)


@router.get("/statements/{statement_id}/result/chunks/{chunk_index}")
def get_chunk(statements: Statements, statement_id: Text, chunk_index: Annotated[int, Path(ge=0)]) -> Json:
    """A chunk of the result; the first has index 0."""
    return statements.chunk(statement_id, chunk_index)


@router.post("/statements/{statement_id}/cancel")
def cancel(statements: Statements, statement_id: Text) -> Json:
    """End a statement that hasn't ended."""
    statements.cancel(statement_id)
    return {}
