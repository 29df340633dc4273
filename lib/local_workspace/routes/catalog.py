"""Unity Catalog: catalogs, schemas, volumes, tables, functions."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from local_workspace.engines.catalog import CatalogEngine, FunctionsEngine, TablesEngine
from local_workspace.engines.catalog.documents import Catalog, Function, Schema, Table, Volume
from local_workspace.http.bodies import Body, Text
from local_workspace.http.paging import PageToken, page

router = APIRouter(prefix="/api/2.1/unity-catalog")

LONGEST_PAGE = 1000
Json = Mapping[str, object]
MaxResults = Annotated[int | None, Query(ge=0, description="entries a page; 0 leaves the number to the workspace")]


class NewCatalog(Body):
    """A catalog to create."""

    name: Text
    comment: Text | None = None


class NewSchema(Body):
    """A schema to create."""

    name: Text
    catalog_name: Text
    comment: Text | None = None


class NewVolume(Body):
    """A volume to create."""

    name: Text
    catalog_name: Text
    schema_name: Text
    comment: Text | None = None


def _catalog(request: Request) -> CatalogEngine:
    engine: CatalogEngine = request.app.state.engines.catalog
    return engine


def _tables(request: Request) -> TablesEngine:
    engine: TablesEngine = request.app.state.engines.tables
    return engine


def _functions(request: Request) -> FunctionsEngine:
    engine: FunctionsEngine = request.app.state.engines.functions
    return engine


Catalogs = Annotated[CatalogEngine, Depends(_catalog)]
Tables = Annotated[TablesEngine, Depends(_tables)]
Functions = Annotated[FunctionsEngine, Depends(_functions)]


def _listing(request: Request, key: str, items: Sequence[object], max_results: int | None, token: str) -> Json:
    """A page of `items` under `key`: all of them if no number was given, as Databricks has it."""
    size = len(items) if max_results is None else max_results or LONGEST_PAGE
    shown, following = page(request, items, max(1, min(size, LONGEST_PAGE)), token)
    return {key: shown, **({"next_page_token": following} if following else {})}


@router.post("/catalogs")
def create_catalog(catalogs: Catalogs, body: NewCatalog) -> Catalog:
    """Create the catalog."""
    return catalogs.create_catalog(body.name, body.comment or "")


@router.get("/catalogs")
def list_catalogs(
    request: Request, catalogs: Catalogs, max_results: MaxResults = None, page_token: PageToken = ""
) -> Json:
    """List catalogs."""
    return _listing(request, "catalogs", catalogs.list_catalogs(), max_results, page_token)


@router.get("/catalogs/{name}")
def get_catalog(catalogs: Catalogs, name: Text) -> Catalog:
    """Get a catalog."""
    return catalogs.get_catalog(name)


@router.delete("/catalogs/{name}")
def delete_catalog(catalogs: Catalogs, name: Text, force: bool = False) -> Json:
    """Delete a catalog."""
    catalogs.delete_catalog(name, force)
    return {}


@router.post("/schemas")
def create_schema(catalogs: Catalogs, body: NewSchema) -> Schema:
    """Create a schema."""
    return catalogs.create_schema(body.catalog_name, body.name, body.comment or "")


@router.get("/schemas")
def list_schemas(
    request: Request,
    catalogs: Catalogs,
    catalog_name: Text,
    max_results: MaxResults = None,
    page_token: PageToken = "",
) -> Json:
    """List a catalog's schemas."""
    return _listing(request, "schemas", catalogs.list_schemas(catalog_name), max_results, page_token)


@router.get("/schemas/{full_name}")
def get_schema(catalogs: Catalogs, full_name: Text) -> Schema:
    """Get a schema."""
    return catalogs.get_schema(full_name)


@router.delete("/schemas/{full_name}")
def delete_schema(catalogs: Catalogs, full_name: Text, force: bool = False) -> Json:
    """Delete a schema."""
    catalogs.delete_schema(full_name, force)
    return {}


@router.post("/volumes")
def create_volume(catalogs: Catalogs, body: NewVolume) -> Volume:
    """Create a volume."""
    return catalogs.create_volume(body.catalog_name, body.schema_name, body.name, body.comment or "")


@router.get("/volumes")
def list_volumes(
    request: Request,
    catalogs: Catalogs,
    catalog_name: Text,
    schema_name: Text,
    max_results: MaxResults = None,
    page_token: PageToken = "",
) -> Json:
    """List a schema's volumes."""
    return _listing(request, "volumes", catalogs.list_volumes(catalog_name, schema_name), max_results, page_token)


@router.get("/volumes/{full_name}")
def get_volume(catalogs: Catalogs, full_name: Text) -> Volume:
    """Get a volume."""
    return catalogs.get_volume(full_name)


@router.delete("/volumes/{full_name}")
def delete_volume(catalogs: Catalogs, full_name: Text) -> Json:
    """Delete a volume and its files."""
    catalogs.delete_volume(full_name)
    return {}


@router.get("/tables")
def list_tables(
    request: Request,
    tables: Tables,
    catalog_name: Text,
    schema_name: Text,
    max_results: MaxResults = None,
    page_token: PageToken = "",
) -> Json:
    """List a schema's tables and views."""
    return _listing(request, "tables", tables.list(catalog_name, schema_name), max_results, page_token)


@router.get("/tables/{full_name}")
def get_table(tables: Tables, full_name: Text) -> Table:
    """Get a table or view with its columns."""
    return tables.get(full_name)


@router.delete("/tables/{full_name}")
def delete_table(tables: Tables, full_name: Text) -> Json:
    """Drop a table or view."""
    tables.delete(full_name)
    return {}


@router.get("/functions")
def list_functions(
    request: Request,
    functions: Functions,
    catalog_name: Text,
    schema_name: Text,
    max_results: MaxResults = None,
    page_token: PageToken = "",
) -> Json:
    """List a schema's SQL functions."""
    return _listing(request, "functions", functions.list(catalog_name, schema_name), max_results, page_token)


@router.get("/functions/{name}")
def get_function(functions: Functions, name: Text) -> Function:
    """Get a SQL function."""
    return functions.get(name)


@router.delete("/functions/{name}")
def delete_function(functions: Functions, name: Text, force: bool = False) -> Json:
    """Drop a SQL function."""
    functions.delete(name)
    return {}
