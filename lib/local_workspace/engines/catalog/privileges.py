"""Which privileges each kind of securable takes, and what it inherits from.

Source: https://docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/privileges
"""

from local_workspace.runtime.errors import invalid

_ALL = {"ALL_PRIVILEGES", "APPLY_TAG", "MANAGE"}
_TABLE = {"MODIFY", "REFRESH", "SELECT"}
_VOLUME = {"READ_VOLUME", "WRITE_VOLUME"}
_FUNCTION = {"EXECUTE", "CREATE_MODEL_VERSION"}
_SCHEMA = {
    "CREATE_FUNCTION",
    "CREATE_MATERIALIZED_VIEW",
    "CREATE_MODEL",
    "CREATE_TABLE",
    "CREATE_VOLUME",
    "EXTERNAL_USE_SCHEMA",
    "USE_SCHEMA",
}
# What is granted on a schema or a catalog holds for all that is in it.
PRIVILEGES = {
    "table": _ALL | _TABLE,
    "volume": _ALL | _VOLUME,
    "function": _ALL | _FUNCTION,
    "schema": _ALL | _TABLE | _VOLUME | _FUNCTION | _SCHEMA,
    "catalog": _ALL | _TABLE | _VOLUME | _FUNCTION | _SCHEMA | {"BROWSE", "CREATE_SCHEMA", "USE_CATALOG"},
}
"""The names of the privileges by kind of securable; that of a registered model is `function`, as in Unity Catalog."""

_SECURABLE_KINDS = {
    "catalog": "CATALOG/CATALOG_STANDARD",
    "schema": "SCHEMA/SCHEMA_STANDARD",
    "table": "TABLE/TABLE_STANDARD",
    "volume": "VOLUME/VOLUME_STANDARD",
    "function": "FUNCTION/FUNCTION_STANDARD",
}


def checked(kind: str, full_name: str, privilege: str) -> str:
    """`privilege` as Unity Catalog writes it. Raises ApiError 400 for one that the kind of securable doesn't take."""
    name = privilege.strip().upper().replace(" ", "_")
    if name not in PRIVILEGES[kind]:
        # Unity Catalog's words, as users have reported them.
        raise invalid(
            f"Privilege {privilege[:100]} is not applicable to this entity [{full_name}:{_SECURABLE_KINDS[kind]}]. "
            "If this seems unexpected, please check the privilege version of the metastore in use [1.0]."
        )
    return name


def ancestors(full_name: str) -> list[tuple[str, str]]:
    """What something inherits privileges from, as kind and name: its catalog and, if it is in one, its schema."""
    parts = full_name.split(".")
    return [("catalog", parts[0]), ("schema", ".".join(parts[:2]))][: len(parts) - 1]
