"""Privileges of a service principal, such as an app's identity, in a Lakebase database and in Unity Catalog."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from databricks.sdk.errors import AlreadyExists, ResourceConflict
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.postgres import Role, RoleIdentityType, RoleRoleSpec
from psycopg import sql

from caspers.platform import lakebase
from caspers.platform.client import HasClient

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

_GRANTS = (
    "GRANT CONNECT, CREATE ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON TABLE {table} TO {role}",
)


def let_into_database(ws: "Workbook", principal: str, project: str, database: str, table: str) -> None:
    """Let a principal connect to a database, read one table (schema.table), and create schemas of its own.

    It gets no right to write what others own. Can be repeated. Raises RuntimeError if you may not grant the table.
    """
    let_use_project(ws, project, principal)
    ensure_role(ws, project, principal)
    with lakebase.connect(ws, project, database) as connection:
        for statement in statements(principal, database, table):
            connection.execute(statement)
        # Postgres only warns when the grantor has no right to grant.
        full_name = sql.Identifier(*table.split(".")).as_string(connection)
        allowed = connection.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", (principal, full_name)).fetchone()
        if allowed != (True,):
            raise RuntimeError(
                f"You have no right to grant access to {table} in {database}: ask its owner to grant SELECT on it to "
                f"{principal}."
            )


def statements(principal: str, database: str, table: str) -> list[sql.Composed]:
    """The GRANTs with which a principal may connect to a database and read one table (schema.table) in it."""
    schema, name = table.split(".")
    names = {
        "database": sql.Identifier(database),
        "schema": sql.Identifier(schema),
        "table": sql.Identifier(schema, name),
        "role": sql.Identifier(principal),
    }
    return [sql.SQL(statement).format(**names) for statement in _GRANTS]


def let_read(ws: "Workbook", principal: str, tables: Iterable[str]) -> None:
    """Let a principal use the catalog and read these tables and views (schema.table) in it. Can be repeated."""
    wanted = sorted(set(tables))
    schemas = sorted({table.split(".")[0] for table in wanted})
    needed = [("catalog", ws.catalog, Privilege.USE_CATALOG)]
    needed += [("schema", f"{ws.catalog}.{schema}", Privilege.USE_SCHEMA) for schema in schemas]
    needed += [("table", f"{ws.catalog}.{table}", Privilege.SELECT) for table in wanted]
    for kind, full_name, privilege in needed:
        change = PermissionsChange(add=[privilege], principal=principal)
        ws.w.grants.update(securable_type=kind, full_name=full_name, changes=[change])


def let_use_project(ws: HasClient, project: str, principal: str) -> None:
    """Let a principal use a Lakebase project: look its endpoint up and sign in. Roles in Postgres are another matter.

    Source: https://docs.databricks.com/aws/en/oltp/projects/grant-permissions-programmatically
    """
    can_use = AccessControlRequest(service_principal_name=principal, permission_level=PermissionLevel.CAN_USE)
    ws.w.permissions.update("database-projects", project, access_control_list=[can_use])


def ensure_role(ws: HasClient, project: str, principal: str) -> None:
    """Create the role in Postgres with which a service principal signs in, unless it exists."""
    branch = lakebase.branch_path(project)
    if principal in [role.status.postgres_role for role in ws.w.postgres.list_roles(branch) if role.status]:
        return
    spec = RoleRoleSpec(postgres_role=principal, identity_type=RoleIdentityType.SERVICE_PRINCIPAL)
    try:
        ws.w.postgres.create_role(branch, Role(spec=spec)).wait()
    except (AlreadyExists, ResourceConflict):
        return  # another process created it since we looked
