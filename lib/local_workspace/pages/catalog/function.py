"""The page of a SQL function."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.explored import explored
from local_workspace.pages.catalog.securable import Tab, page, privileges
from local_workspace.pages.engines import Unity

router = APIRouter(include_in_schema=False)


@router.get("/explore/data/functions/{catalog}/{schema}/{name}")
def function(
    request: Request,
    unity: Unity,
    catalog: str,
    schema: str,
    name: str,
    tab: Tab = "",
) -> HTMLResponse:
    """A function with its parameters, what it returns, and its body."""
    shown = page("function", f"{catalog}.{schema}.{name}", ("overview", "permissions"), tab)

    def values() -> dict[str, object]:
        return {"function": unity.functions.get(shown.full_name), "privileges": privileges(unity, shown)}

    return explored(request, shown, "catalog/function.html", values)
