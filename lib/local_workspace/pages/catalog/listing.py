"""The list of catalogs."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.engines import Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/explore/data")
def catalogs(request: Request, unity: Unity) -> HTMLResponse:
    """Every catalog by its name."""
    return render(request, "catalog/list.html", catalogs=unity.catalog.list_catalogs())
