"""The SQL editor."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from local_workspace.engines.sql import Entry, Limits, Output, Statement
from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Queries, Spark, Statements, Unity, Warehouses
from local_workspace.pages.rendering import render, seen
from local_workspace.pages.sql.results import fragment
from local_workspace.pages.sql.views import Shown, shown
from local_workspace.routes.object_access import WAREHOUSES, check, visible
from local_workspace.runtime.errors import invalid

router = APIRouter()

LIMITS = (1_000, 10_000, 100_000, 0)  # rows; 0 is none
_WAIT_SECONDS = 1.0  # a short statement needs no second request


@router.get("/sql/editor")
def editor(
    request: Request,
    queries: Queries,
    statements: Statements,
    warehouses: Warehouses,
    spark: Spark,
    text: Text = "",
    schema: Text = "",
    statement: Text = "",
    page: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """An editor with `text`, or with that `statement` of the history and its result."""
    entry = statements.history.get(statement) if statement else None
    result = shown(statements, entry, page) if entry else None
    text, schema = (entry.statement.text, entry.statement.schema or "") if entry else (text, schema)
    return _page(request, queries, warehouses, spark, text, schema, entry, result)


@router.get("/sql/schemas")
def schemas(request: Request, unity: Unity, spark: Spark) -> HTMLResponse:
    """The names of the schemas, which the page loads afterwards: Spark may be starting, or busy."""
    catalog = spark.catalog()
    found = unity.catalog.list_schemas(catalog) if catalog else []
    return render(request, "sql/schemas.html", names=[each["name"] for each in found])


@router.get("/sql/editor/{query_id}")
def saved(request: Request, queries: Queries, warehouses: Warehouses, spark: Spark, query_id: Text) -> HTMLResponse:
    """An editor with a saved query."""
    query = queries.get(query_id)
    text, schema = query.get("query_text", ""), query.get("schema", "")
    return _page(request, queries, warehouses, spark, text, schema, title=query["display_name"])


@router.post("/sql/editor")
def run(
    request: Request,
    statements: Statements,
    spark: Spark,
    warehouses: Warehouses,
    statement: Annotated[str, Form()] = "",
    schema_name: Annotated[str, Form(alias="schema")] = "",
    limit: Annotated[int, Form(ge=0)] = LIMITS[0],
    warehouse: Annotated[str, Form()] = "",
) -> Response:
    """Run a statement and show its result, or that it runs."""
    text = statement.replace("\r\n", "\n").strip()  # as forms send line ends; places of errors count characters
    if not text:
        raise invalid("Type a statement.")
    if warehouse:
        check(request, WAREHOUSES, warehouse, "CAN_USE")
        warehouses.get(warehouse)
    elif request.state.principal:
        raise invalid("Choose a SQL warehouse on which you have CAN_USE.")
    wanted = Statement(
        text, (), schema_name or None, Limits(limit or None), spark.catalog() or None, Output(True, "CSV"), warehouse
    )
    statement_id = statements.execute(wanted, _WAIT_SECONDS)["statement_id"]
    if "hx-request" in request.headers:
        return fragment(request, statements, statement_id)
    return seen(f"/sql/editor?statement={statement_id}")


@router.post("/sql/queries")
def save(
    queries: Queries,
    statement: Annotated[str, Form()] = "",
    schema_name: Annotated[str, Form(alias="schema")] = "",
    name: Annotated[str, Form()] = "",
    warehouse: Annotated[str, Form()] = "",
) -> Response:
    """Save a statement as a query."""
    fields = {"display_name": name, "query_text": statement, "schema": schema_name, "warehouse_id": warehouse}
    made = queries.create({key: value for key, value in fields.items() if value}, resolve_name=True)
    return seen(f"/sql/editor/{made['id']}")


def _page(
    request: Request,
    queries: Queries,
    warehouses: Warehouses,
    spark: Spark,
    text: str,
    schema: str,
    entry: Entry | None = None,
    result: Shown | None = None,
    title: str = "",
) -> HTMLResponse:
    return render(
        request,
        "sql/editor.html",
        text=text,
        title=title,
        catalog=spark.catalog(),
        schema=schema,
        warehouses=visible(request, WAREHOUSES, warehouses.list(), lambda doc: doc["id"]),
        warehouse=entry.statement.warehouse if entry else "",
        queries=queries.list(),
        limits=LIMITS,
        limit=(entry.statement.limits.rows or 0) if entry else LIMITS[0],
        shown=result,
    )
