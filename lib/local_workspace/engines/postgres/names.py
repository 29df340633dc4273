"""Names of Lakebase resources: what is allowed, and the paths built from them."""

import re
from collections.abc import Iterable

from local_workspace.runtime.errors import already_exists, invalid

BRANCH, ENDPOINT = "production", "primary"
_PROJECT = re.compile(r"[a-z][a-z0-9-]{0,62}")
_DATABASE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_ROLE = re.compile(r'(?!pg_)\w[^\s/"\\]*')
_LONGEST = 63  # bytes: what Postgres keeps of a name
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


def check_project(project: str) -> None:
    """Raises 400 unless `project` is 1 to 63 lower-case letters, digits and hyphens, a letter first."""
    if not _PROJECT.fullmatch(project):
        raise invalid(
            f"Project id {project!r} must be 1 to 63 lower-case letters, digits and hyphens and start with a letter."
        )


def check_database(database: str) -> None:
    """Raises 400 unless `database` is a plain Postgres identifier of which an id can be made."""
    if not _DATABASE.fullmatch(database) or not dns_name(database):
        raise invalid(
            f"Database name {database!r} must be 1 to 63 lower-case letters, digits and underscores, and not "
            "underscores alone."
        )


def check_role(role: str) -> None:
    """Raises 400 unless `role` is a name that a user or service principal can have, and Postgres keep."""
    if not _ROLE.fullmatch(role) or role == "postgres" or len(role.encode()) > _LONGEST:
        raise invalid(
            f"Role {role!r} must be the name of a user or the application id of a service principal, of at most "
            f"{_LONGEST} bytes."
        )


def check_catalog(catalog: str) -> None:
    """Raises 400 unless `catalog` is an identifier."""
    if not _IDENTIFIER.fullmatch(catalog):
        raise invalid(f"Catalog name {catalog!r} must be letters, digits and underscores.")


def project_of(branch: str) -> str:
    """The project id in a branch path. Raises 400 unless it is `projects/<id>/branches/production`."""
    match = re.fullmatch(r"projects/([^/]+)/branches/([^/]+)", branch)
    if not match or match[2] != BRANCH:
        raise invalid(
            f"Branch {branch!r} must be projects/<project>/branches/{BRANCH}: a local instance has that one branch."
        )
    return match[1]


def branch_path(project: str) -> str:
    """The path of a project's branch."""
    return f"projects/{project}/branches/{BRANCH}"


def endpoint_path(project: str) -> str:
    """The path of a project's endpoint."""
    return f"{branch_path(project)}/endpoints/{ENDPOINT}"


def check_id_is_free(kind: str, name: str, others: Iterable[str]) -> None:
    """Raises 409 if one of the `others` of that kind has the id that `name` would get."""
    for other in others:
        if other != name and dns_name(other) == dns_name(name):
            raise already_exists(f"The {kind} {name} would have the id {dns_name(name)}, which is that of {other}.")


def dns_name(name: str) -> str:
    """`name` as the last part of a resource path, which allows no underscore and no at-sign."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
