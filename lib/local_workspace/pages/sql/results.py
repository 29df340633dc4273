"""What came of a statement: its rows by pages, a chart, a file, and its end."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from local_workspace.engines.sql import Entry, StatementsEngine
from local_workspace.http.bodies import Text
from local_workspace.pages.engines import Statements
from local_workspace.pages.rendering import HEADERS, render, seen
from local_workspace.pages.sql.views import drawn, shown
from local_workspace.runtime.errors import not_found

router = APIRouter()

Position = Annotated[int | None, Query(ge=0)]


@router.get("/sql/statements/{statement_id}")
def result(
    request: Request, statements: Statements, statement_id: Text, page: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """A page of a result, or that the statement runs; in the editor if it is opened by itself."""
    if "hx-request" in request.headers:
        return fragment(request, statements, statement_id, page)
    return seen(f"/sql/editor?statement={statement_id}&page={page}")


@router.get("/sql/statements/{statement_id}/chart")
def chart(
    request: Request,
    statements: Statements,
    statement_id: Text,
    x: Position = None,
    y: Position = None,
    kind: Text = "",
) -> HTMLResponse:
    """A chart of two columns."""
    found = drawn(statements, _entry(statements, statement_id), x, y, kind)
    template = "sql/chart.html" if "hx-request" in request.headers else "sql/chart_page.html"
    return render(request, template, shown=found)


@router.get("/sql/statements/{statement_id}/result.csv")
def as_csv(statements: Statements, statement_id: Text) -> StreamingResponse:
    """The whole result as a file."""
    parts, media_type = statements.parts(statement_id)
    name = {"Content-Disposition": f'attachment; filename="{statement_id}.csv"'}
    return StreamingResponse(parts, media_type=media_type, headers=HEADERS | name)


@router.post("/sql/statements/{statement_id}/cancel")
def cancel(request: Request, statements: Statements, statement_id: Text) -> Response:
    """End a statement."""
    statements.cancel(statement_id)
    if "hx-request" in request.headers:
        return fragment(request, statements, statement_id)
    return seen(f"/sql/editor?statement={statement_id}")


def fragment(request: Request, statements: StatementsEngine, statement_id: str, page: int = 0) -> HTMLResponse:
    """The part of the editor's page below the statement."""
    return render(request, "sql/result.html", shown=shown(statements, _entry(statements, statement_id), page))


def _entry(statements: StatementsEngine, statement_id: str) -> Entry:
    if (entry := statements.history.get(statement_id)) is None:
        raise not_found(f"The history has no statement '{statement_id}'; run it again.")
    return entry
