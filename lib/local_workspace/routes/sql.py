"""SQL warehouses and the Statement Execution API."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AfterValidator, Field, model_validator

from local_workspace.engines.permissions.kinds import OWNER
from local_workspace.engines.sql import Limits, Output, Parameter, Statement, StatementsEngine, WarehousesEngine
from local_workspace.engines.sql.links import PATH
from local_workspace.engines.sql.result import ChunkData, LinkedData
from local_workspace.engines.sql.statements import Answer
from local_workspace.http.bodies import Body, StrictBody, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.object_access import (
    WAREHOUSES,
    Needs,
    check,
    check_makes_warehouses,
    give_to_maker,
    visible,
)
from local_workspace.runtime.errors import invalid

api = APIRouter(prefix="/api/2.0/sql")
links = APIRouter(dependencies=[REFUSE_UNKNOWN])
_SHORTEST_IDLE = 10  # minutes

Json = Mapping[str, object]
Size = Literal[
    "2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large", "5X-Large"
]


def _idle_minutes(minutes: int) -> int:
    if minutes != 0 and minutes < _SHORTEST_IDLE:
        raise ValueError(f"should be 0 or at least {_SHORTEST_IDLE}")
    return minutes


class NewWarehouse(Body):
    """A warehouse to create; settings of its size are stored without effect, and have the SDK's supported values."""

    name: Annotated[Text, Field(min_length=1, max_length=99)]
    cluster_size: Size | None = None
    auto_stop_mins: Annotated[int, AfterValidator(_idle_minutes)] | None = None
    min_num_clusters: Annotated[int, Field(ge=1, le=30)] | None = None
    max_num_clusters: Annotated[int, Field(ge=1, le=40)] | None = None

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if self.max_num_clusters is not None and self.max_num_clusters < (self.min_num_clusters or 1):
            raise ValueError("max_num_clusters should not be less than min_num_clusters")
        return self


class StatementParameter(Body):
    """A value for `:name`; without `value` it is NULL."""

    name: Text
    value: Text | None = None
    type: Text | None = None


class QueryTag(StrictBody):
    """A note on a statement for the query history, which a local workspace doesn't have."""

    key: Annotated[Text, Field(min_length=1)]
    value: Text | None = None


class NewStatement(StrictBody):
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
    format: Literal["JSON_ARRAY", "ARROW_STREAM", "CSV"] | None = None
    disposition: Literal["INLINE", "EXTERNAL_LINKS"] | None = None
    query_tags: list[QueryTag] | None = None

    def output(self) -> Output:
        """How the result is returned. Raises ApiError 400 for a format that INLINE doesn't have."""
        output = Output(self.disposition == "EXTERNAL_LINKS", self.format or "JSON_ARRAY")
        if output.format != "JSON_ARRAY" and not output.external:
            raise invalid(
                f"The format {output.format} is supported only with the disposition EXTERNAL_LINKS: set that, or use "
                "JSON_ARRAY."
            )
        return output


def _warehouses(request: Request) -> WarehousesEngine:
    engine: WarehousesEngine = request.app.state.engines.warehouses
    return engine


def _statements(request: Request) -> StatementsEngine:
    engine: StatementsEngine = request.app.state.engines.statements
    return engine


Warehouses = Annotated[WarehousesEngine, Depends(_warehouses)]
Index = Annotated[int, Path(ge=0)]
Statements = Annotated[StatementsEngine, Depends(_statements)]
_VIEWS, _OWNS = (Depends(Needs(WAREHOUSES, "warehouse_id", level)) for level in ("CAN_VIEW", OWNER))


@api.post("/warehouses")
def create_warehouse(request: Request, warehouses: Warehouses, body: NewWarehouse) -> Json:
    """Create a warehouse."""
    check_makes_warehouses(request)
    made = warehouses.create(body.name, body.sent())["id"]
    give_to_maker(request, WAREHOUSES, made)
    return {"id": made}


@api.get("/warehouses")
def list_warehouses(request: Request, warehouses: Warehouses) -> Json:
    """The warehouses that the caller may see."""
    return {"warehouses": visible(request, WAREHOUSES, warehouses.list(), lambda doc: doc["id"])}


@api.get("/warehouses/{warehouse_id}", dependencies=[_VIEWS])
def get_warehouse(warehouses: Warehouses, warehouse_id: Text) -> Json:
    """Get a warehouse."""
    return warehouses.get(warehouse_id)


@api.delete("/warehouses/{warehouse_id}", dependencies=[_OWNS])
def delete_warehouse(warehouses: Warehouses, warehouse_id: Text) -> Json:
    """Delete a warehouse."""
    warehouses.delete(warehouse_id)
    return {}


@api.post("/statements")
def execute(request: Request, warehouses: Warehouses, statements: Statements, body: NewStatement) -> Json:
    """Run a statement."""
    if not body.statement.strip():
        raise invalid("statement is empty")
    output = body.output()
    check(request, WAREHOUSES, body.warehouse_id, "CAN_USE")
    warehouses.get(body.warehouse_id)
    parameters = [Parameter(each.name, each.value, each.type or "STRING") for each in body.parameters or []]
    limits = Limits(body.row_limit or None, body.byte_limit or None)
    statement = Statement(body.statement, parameters, body.schema_name, limits, body.catalog, output, body.warehouse_id)
    seconds = int((body.wait_timeout or "10s").removesuffix("s"))
    answer = statements.execute(statement, seconds, cancel=bool(seconds) and body.on_wait_timeout == "CANCEL")
    return _with_host(request, answer)


@api.get("/statements/{statement_id}")
def get_statement(request: Request, statements: Statements, statement_id: Text) -> Json:
    """A statement's state and result."""
    return _with_host(request, statements.get(statement_id))


@api.get("/statements/{statement_id}/result/chunks/{chunk_index}")
def get_chunk(request: Request, statements: Statements, statement_id: Text, chunk_index: Index) -> Json:
    """A chunk of the result; the first has index 0."""
    return _links_with_host(request, statements.chunk(statement_id, chunk_index))


@api.post("/statements/{statement_id}/cancel")
def cancel(statements: Statements, statement_id: Text) -> Json:
    """End a statement that hasn't ended."""
    statements.cancel(statement_id)
    return {}


@links.get(PATH + "/{statement_id}/{chunk_index}")
def follow_link(
    request: Request,
    statements: Statements,
    statement_id: Text,
    chunk_index: Index,
    expires: Annotated[int, Query(ge=0)],
    signature: Text,
) -> Response:
    """A chunk of a result in its own format. The address is the credential: a second one is refused, as S3 does."""
    if "authorization" in request.headers:
        raise invalid("A link to a result is its own credential: send no Authorization header with it.")
    content, media_type = statements.linked(statement_id, chunk_index, expires, signature)
    return Response(content, media_type=media_type)


def _with_host(request: Request, answer: Answer) -> Json:
    if "result" not in answer:
        return {**answer}
    return {**answer, "result": _links_with_host(request, answer["result"])}


def _links_with_host(request: Request, data: ChunkData | LinkedData) -> Json:
    """The same with this workspace's own host in front of each link."""
    if "external_links" not in data:
        return {**data}
    host = str(request.base_url).rstrip("/")
    shown = [{**link, "external_link": host + link["external_link"]} for link in data["external_links"]]
    return {"external_links": shown}


router = APIRouter()
for _part in (api, links):
    router.include_router(_part)
