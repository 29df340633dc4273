"""The page of a SQL function."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.securable import page, privileges
from local_workspace.pages.engines import Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/explore/data/functions/{catalog}/{schema}/{name}")
def function(
    request: Request,
    unity: Unity,
    catalog: str,
    schema: str,
    name: str,
    activeTab: str = "",  # noqa: N803  # Databricks' name
) -> HTMLResponse:
    """A function with its parameters, what it returns, and its body."""
    found = unity.functions.get(f"{catalog}.{schema}.{name}")
    shown = page("function", found["full_name"], ("overview", "permissions"), activeTab)
    return render(request, "catalog/function.html", page=shown, function=found, privileges=privileges(unity, shown))
