"""The workbook's catalog in Unity Catalog."""

from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied

from caspers.platform.connect import Workbook

_OF_DATABRICKS = {"system", "samples", "hive_metastore", "__databricks_internal"}


class CatalogRefused(RuntimeError):
    """A catalog that does not exist may not be created here; the message says which exist."""


def ensure_catalog(ws: Workbook, comment: str) -> bool:
    """Create the workbook's catalog unless it exists; returns whether it was created.

    Raises what `create_catalog` raises.
    """
    try:
        ws.w.catalogs.get(ws.catalog)
    except NotFound:
        create_catalog(ws, comment)
        return True
    return False


def create_catalog(ws: Workbook, comment: str) -> None:
    """Create the workbook's catalog. Raises CatalogRefused where that may not be done, with the catalogs there are.

    Accounts with default storage, such as Databricks' Free Edition, create catalogs by hand only (400 INVALID_STATE),
    and not every user may.
    """
    try:
        ws.w.catalogs.create(ws.catalog, comment=comment)
    except (BadRequest, PermissionDenied) as error:
        there = sorted({each.name for each in ws.w.catalogs.list() if each.name} - _OF_DATABRICKS)
        choice = f"Run with CATALOG set to one that exists: {', '.join(there)}." if there else "Ask for one."
        raise CatalogRefused(f"The catalog {ws.catalog} can't be created here ({error}). {choice}") from error
