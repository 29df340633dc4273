"""Unity Catalog: catalogs, schemas, volumes, tables, functions."""

from fastapi import APIRouter, Request

from local_workspace.engines.catalog import CatalogEngine

router = APIRouter(prefix="/api/2.1/unity-catalog")


def _engine(request: Request) -> CatalogEngine:
    return request.app.state.engines.catalog


@router.post("/catalogs")
def create_catalog(request: Request, body: dict) -> dict:
    """Create the catalog."""
    return _engine(request).create_catalog(body.get("name", ""), body.get("comment") or "")


@router.get("/catalogs")
def list_catalogs(request: Request) -> dict:
    """List catalogs."""
    return {"catalogs": _engine(request).list_catalogs()}


@router.get("/catalogs/{name}")
def get_catalog(request: Request, name: str) -> dict:
    """Get a catalog."""
    return _engine(request).get_catalog(name)


@router.delete("/catalogs/{name}")
def delete_catalog(request: Request, name: str, force: bool = False) -> dict:
    """Delete a catalog."""
    _engine(request).delete_catalog(name, force)
    return {}


@router.post("/schemas")
def create_schema(request: Request, body: dict) -> dict:
    """Create a schema."""
    return _engine(request).create_schema(body.get("catalog_name", ""), body.get("name", ""), body.get("comment") or "")


@router.get("/schemas")
def list_schemas(request: Request, catalog_name: str) -> dict:
    """List a catalog's schemas."""
    return {"schemas": _engine(request).list_schemas(catalog_name)}


@router.get("/schemas/{full_name}")
def get_schema(request: Request, full_name: str) -> dict:
    """Get a schema."""
    return _engine(request).get_schema(full_name)


@router.delete("/schemas/{full_name}")
def delete_schema(request: Request, full_name: str, force: bool = False) -> dict:
    """Delete a schema."""
    _engine(request).delete_schema(full_name, force)
    return {}


@router.post("/volumes")
def create_volume(request: Request, body: dict) -> dict:
    """Create a volume."""
    return _engine(request).create_volume(
        body.get("catalog_name", ""), body.get("schema_name", ""), body.get("name", ""), body.get("comment") or ""
    )


@router.get("/volumes")
def list_volumes(request: Request, catalog_name: str, schema_name: str) -> dict:
    """List a schema's volumes."""
    return {"volumes": _engine(request).list_volumes(catalog_name, schema_name)}


@router.get("/volumes/{full_name}")
def get_volume(request: Request, full_name: str) -> dict:
    """Get a volume."""
    return _engine(request).get_volume(full_name)


@router.delete("/volumes/{full_name}")
def delete_volume(request: Request, full_name: str) -> dict:
    """Delete a volume and its files."""
    _engine(request).delete_volume(full_name)
    return {}


@router.get("/tables")
def list_tables(request: Request, catalog_name: str, schema_name: str) -> dict:
    """List a schema's tables and views."""
    return {"tables": _engine(request).list_tables(catalog_name, schema_name)}


@router.get("/tables/{full_name}")
def get_table(request: Request, full_name: str) -> dict:
    """Get a table or view with its columns."""
    return _engine(request).get_table(full_name)


@router.delete("/tables/{full_name}")
def delete_table(request: Request, full_name: str) -> dict:
    """Drop a table or view."""
    _engine(request).delete_table(full_name)
    return {}


@router.get("/functions")
def list_functions(request: Request, catalog_name: str, schema_name: str) -> dict:
    """List a schema's SQL functions."""
    return {"functions": _engine(request).list_functions(catalog_name, schema_name)}


@router.get("/functions/{name}")
def get_function(request: Request, name: str) -> dict:
    """Get a SQL function."""
    return _engine(request).get_function(name)


@router.delete("/functions/{name}")
def delete_function(request: Request, name: str, force: bool = False) -> dict:
    """Drop a SQL function."""
    _engine(request).delete_function(name)
    return {}
