"""The pages of what holds other things: the list of catalogs, a catalog, a schema."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.pages.catalog.contents import Contents, contents
from local_workspace.pages.catalog.explored import explored
from local_workspace.pages.catalog.securable import Tab, page, privileges
from local_workspace.pages.engines import Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)

_TABS = ("overview", "details", "permissions")


@router.get("/explore/data")
def catalogs(request: Request, unity: Unity) -> HTMLResponse:
    """Every catalog."""
    held, metastore = unity.catalog.list_catalogs(), unity.metastores.summary()
    return render(request, "catalog/catalogs.html", catalogs=held, metastore=metastore)


@router.get("/explore/data/{catalog}")
def catalog(request: Request, unity: Unity, catalog: str, tab: Tab = "") -> HTMLResponse:
    """A catalog with its schemas."""
    shown = page("catalog", catalog, _TABS, tab)

    def values() -> dict[str, object]:
        return {
            "catalog": unity.catalog.get_catalog(catalog),
            "schemas": unity.catalog.list_schemas(catalog) if shown.tab == "overview" else [],
            "privileges": privileges(unity, shown),
        }

    return explored(request, shown, "catalog/catalog.html", values)


@router.get("/explore/data/{catalog}/{schema}")
def schema(request: Request, unity: Unity, catalog: str, schema: str, tab: Tab = "") -> HTMLResponse:
    """A schema with what is in it."""
    shown = page("schema", f"{catalog}.{schema}", _TABS, tab)

    def values() -> dict[str, object]:
        found = unity.catalog.get_schema(shown.full_name)
        return {
            "schema": found,
            "contents": contents(unity, catalog, found["name"], request.state.principal)
            if shown.tab == "overview"
            else Contents(),
            "privileges": privileges(unity, shown),
        }

    return explored(request, shown, "catalog/schema.html", values)
