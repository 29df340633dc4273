"""The page of a project."""

import shlex

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from psycopg.conninfo import make_conninfo

from local_workspace.engines.postgres import PostgresEngine, names
from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Postgres
from local_workspace.pages.lakebase.access import ADMIN, USES
from local_workspace.pages.lakebase.views import synced_tables
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import render

router = APIRouter()


@router.get("/lakebase/projects/{project}", dependencies=[USES])
def project(request: Request, engine: Postgres, project: Name) -> HTMLResponse:
    """A project with its branch, databases, roles and synced tables."""
    return page(request, engine, project)


@router.post("/lakebase/projects/{project}/databases/{database}/psql", dependencies=[ADMIN])
def psql(request: Request, engine: Postgres, project: Name, database: Name) -> HTMLResponse:
    """A command line for psql that has a new password in it."""
    line = psql_line(engine.connection(project, database))
    if "hx-request" in request.headers:
        return render(request, "lakebase/psql.html", line=line)
    return page(request, engine, project, line)


def psql_line(connection: dict[str, str]) -> str:
    """The line with which a shell connects by libpq's parameters; the password stays out of the list of processes."""
    rest = {key: value for key, value in connection.items() if key != "password"}
    return f"PGPASSWORD={shlex.quote(connection['password'])} psql {shlex.quote(make_conninfo(**rest))}"


def page(request: Request, engine: PostgresEngine, project: str, line: str = "") -> HTMLResponse:
    """The whole page, with a `line` for psql."""
    return whole_or_part(
        request,
        "lakebase/project",
        doc=engine.project(project),
        branch=names.BRANCH,
        address=engine.address(project),
        databases=engine.databases(project),
        roles=engine.roles(project),
        tables=synced_tables(engine, project),
        project=project,
        line=line,
    )
