"""The pages of what holds other things: the list of catalogs, a catalog, a schema."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.contents import Contents, contents
from local_workspace.pages.catalog.securable import page, privileges
from local_workspace.pages.engines import Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)

_TABS = ("overview", "details", "permissions")


@router.get("/explore/data")
def catalogs(request: Request, unity: Unity) -> HTMLResponse:
    """Every catalog."""
    return render(
        request,
        "catalog/catalogs.html",
        catalogs=unity.catalog.list_catalogs(),
        metastore=unity.metastores.summary(),
    )


@router.get("/explore/data/{catalog}")
def catalog(request: Request, unity: Unity, catalog: str, activeTab: str = "") -> HTMLResponse:  # noqa: N803
    """A catalog with its schemas."""
    found, shown = unity.catalog.get_catalog(catalog), page("catalog", catalog, _TABS, activeTab)
    return render(
        request,
        "catalog/catalog.html",
        page=shown,
        catalog=found,
        schemas=unity.catalog.list_schemas(catalog) if shown.tab == "overview" else [],
        privileges=privileges(unity, shown),
    )


@router.get("/explore/data/{catalog}/{schema}")
def schema(request: Request, unity: Unity, catalog: str, schema: str, activeTab: str = "") -> HTMLResponse:  # noqa: N803
    """A schema with what is in it."""
    found = unity.catalog.get_schema(f"{catalog}.{schema}")
    shown = page("schema", found["full_name"], _TABS, activeTab)
    return render(
        request,
        "catalog/schema.html",
        page=shown,
        schema=found,
        contents=contents(unity, catalog, found["name"]) if shown.tab == "overview" else Contents(),
        privileges=privileges(unity, shown),
    )
