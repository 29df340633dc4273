"""The page of a table or view."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.catalog import UnityCatalog
from local_workspace.engines.catalog.delta_log import DeltaLog
from local_workspace.engines.catalog.documents import Table
from local_workspace.engines.sql import Limits, Statement
from local_workspace.pages.catalog import lineage
from local_workspace.pages.catalog.contents import TABLE_TYPES
from local_workspace.pages.catalog.explored import explored
from local_workspace.pages.catalog.securable import Page, Tab, page, path_of, privileges
from local_workspace.pages.engines import Jobs, Pipelines, Postgres, Statements, Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)

_TABLE_TABS = ("overview", "sample", "details", "permissions", "history", "lineage")
_SAMPLE_ROWS, _SAMPLE_SECONDS = 100, 60


@router.get("/explore/data/{catalog}/{schema}/{name}")
def table(
    request: Request,
    unity: Unity,
    pipelines: Pipelines,
    jobs: Jobs,
    postgres: Postgres,
    catalog: str,
    schema: str,
    name: str,
    tab: Tab = "",
) -> HTMLResponse:
    """A table or view."""
    shown = page("table", f"{catalog}.{schema}.{name}", _TABLE_TABS, tab)
    sources = lineage.Sources(pipelines, jobs, postgres)
    return explored(request, shown, "catalog/table.html", lambda: _values(unity, sources, shown))


def _values(unity: UnityCatalog, sources: lineage.Sources, shown: Page) -> dict[str, object]:
    found = unity.tables.described(shown.full_name)
    log = _log(found)
    return {
        "table": found,
        "type": TABLE_TYPES[found["table_type"]],
        "tabs": [link for link, tab in zip(shown.links, shown.tabs, strict=True) if log or tab != "history"],
        "size": log.size() if log and shown.tab in ("overview", "details") else None,
        "history": log.history() if log and shown.tab == "history" else [],
        "privileges": privileges(unity, shown),
        "lineage": lineage.of_table(sources, found["full_name"]) if shown.tab == "lineage" else None,
        "sample": f"/explore/sample/{path_of(found['full_name']).removeprefix('/explore/data/')}",
    }


@router.get("/explore/sample/{catalog}/{schema}/{name}")
def sample(
    request: Request, unity: Unity, statements: Statements, catalog: str, schema: str, name: str
) -> HTMLResponse:
    """The first rows of a table or view, which a statement reads."""
    found = unity.tables.described(f"{catalog}.{schema}.{name}")
    text = f"SELECT * FROM `{found['schema_name']}`.`{found['name']}` LIMIT {_SAMPLE_ROWS}"
    statement = Statement(text, limits=Limits(rows=_SAMPLE_ROWS))
    answer = statements.execute(statement, _SAMPLE_SECONDS, cancel=True)
    return render(request, "catalog/sample.html", answer=answer, most=_SAMPLE_ROWS)


def _log(found: Table) -> DeltaLog | None:
    """The Delta log of a table; None for a view, and for a table of another format."""
    if found.get("data_source_format", "").upper() != "DELTA" or "storage_location" not in found:
        return None
    return DeltaLog(Path(found["storage_location"]))
