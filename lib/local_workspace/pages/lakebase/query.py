"""A query that only reads."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.postgres import PostgresEngine, Rows, StatementFailed
from local_workspace.engines.postgres.reading import MOST_ROWS, SECONDS
from local_workspace.http.bodies import Name
from local_workspace.pages import places
from local_workspace.pages.engines import Postgres
from local_workspace.pages.lakebase.access import ADMIN, USES
from local_workspace.pages.places import Place
from local_workspace.pages.rendering import render

router = APIRouter()

_PATH = "/lakebase/projects/{project}/databases/{database}"
_LONGEST = 2000  # characters of a value that are shown


@dataclass(frozen=True)
class Outcome:
    """What a statement returned, or why it failed and where."""

    found: Rows | None = None
    failed: str = ""
    place: Place | None = None


@router.get(_PATH, dependencies=[USES])
def database(request: Request, engine: Postgres, project: Name, database: Name, query: str = "") -> HTMLResponse:
    """A database: its tables and views, and a form for a query, which `query` fills."""
    return _page(request, engine, project, database, query)


@router.post(_PATH + "/query", dependencies=[ADMIN])
def run(
    request: Request, engine: Postgres, project: Name, database: Name, statement: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Run a statement that only reads, and show its rows."""
    statement = statement.replace("\r\n", "\n")  # as forms send line ends; Postgres counts characters
    outcome = _run(engine, project, database, statement)
    if "hx-request" in request.headers:
        return render(request, "lakebase/rows.html", longest=_LONGEST, outcome=outcome)
    return _page(request, engine, project, database, statement, outcome)


def _run(engine: PostgresEngine, project: str, database: str, statement: str) -> Outcome:
    try:
        return Outcome(engine.read(project, database, statement))
    except StatementFailed as error:
        place = places.of_position(statement, error.position) if error.position else None
        return Outcome(failed=error.message, place=place)


def _page(
    request: Request,
    engine: PostgresEngine,
    project: str,
    database: str,
    statement: str,
    outcome: Outcome | None = None,
) -> HTMLResponse:
    doc = engine.database(project, database)
    return render(
        request,
        "lakebase/database.html",
        doc=doc,
        relations=engine.relations(doc),
        project=project,
        database=database,
        statement=statement,
        outcome=outcome,
        longest=_LONGEST,
        most=MOST_ROWS,
        seconds=SECONDS,
        line="",
    )
