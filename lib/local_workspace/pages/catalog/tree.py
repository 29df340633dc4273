"""The tree of the catalog, whose parts a page loads once it is shown."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.contents import contents
from local_workspace.pages.engines import Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/explore/tree")
def tree(request: Request, unity: Unity, opened: str = "", current: str = "") -> HTMLResponse:
    """Catalogs with their schemas; the schema `opened` loads what is in it, `current` is the page's path."""
    catalogs = [(each["name"], unity.catalog.list_schemas(each["name"])) for each in unity.catalog.list_catalogs()]
    return render(request, "catalog/tree.html", catalogs=catalogs, opened=opened, current=current)


@router.get("/explore/tree/{catalog}/{schema}")
def of_schema(request: Request, unity: Unity, catalog: str, schema: str, current: str = "") -> HTMLResponse:
    """What is in a schema."""
    found = contents(unity, catalog, schema, request.state.principal)
    return render(request, "catalog/tree_schema.html", contents=found, current=current)
