"""The databases of a branch, and the roles that may use them."""

from collections.abc import Mapping

from fastapi import APIRouter

from local_workspace.engines.postgres import PostgresEngine, names, shapes
from local_workspace.http.bodies import Name
from local_workspace.routes.postgres import bodies
from local_workspace.routes.postgres.shared import BRANCH, Engine, Json, Pages, Permitted, done, fields, on_branch
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.principals import is_user

router = APIRouter()


def shown_role(engine: PostgresEngine, project: str, role_id: str) -> Json:
    """One role. Raises 404."""
    for found in _shown_roles(engine, project):
        if found["role_id"] == role_id:
            return found
    raise not_found(f"Role {role_id} does not exist in project {project}.")


@router.get(BRANCH + "/roles", dependencies=[Permitted])
def list_roles(engine: Engine, project: Name, branch: Name, page: Pages) -> Mapping[str, object]:
    """The workspace's user, who owns the databases, and the users and service principals that were let in."""
    return page.of("roles", _shown_roles(on_branch(engine, project, branch), project))


@router.post(BRANCH + "/roles", dependencies=[Permitted])
def create_role(
    engine: Engine,
    project: Name,
    branch: Name,
    body: bodies.Role,
    role_id: Name | None = None,
    replace_existing: bool = False,
) -> Json:
    """Let a user or service principal in."""
    spec = fields(body.spec, "postgres_role", "identity_type")
    name, kind = spec["postgres_role"], spec["identity_type"]
    if kind != ("USER" if is_user(name) else "SERVICE_PRINCIPAL"):
        raise invalid(f"{name} can't be a role of the kind {kind}: users and service principals only.")
    _check_request("role", name, role_id, replace_existing)
    on_branch(engine, project, branch).create_role(project, name)
    return done(shapes.role_path(project, name), "create", shown_role(engine, project, names.dns_name(name)))


@router.get(BRANCH + "/roles/{role}", dependencies=[Permitted])
def get_role(engine: Engine, project: Name, branch: Name, role: Name) -> Json:
    """One role."""
    return shown_role(on_branch(engine, project, branch), project, role)


@router.get(BRANCH + "/databases", dependencies=[Permitted])
def list_databases(engine: Engine, project: Name, branch: Name, page: Pages) -> Mapping[str, object]:
    """All databases of a branch."""
    return page.of("databases", [shapes.database(doc) for doc in on_branch(engine, project, branch).databases(project)])


@router.post(BRANCH + "/databases", dependencies=[Permitted])
def create_database(
    engine: Engine,
    project: Name,
    branch: Name,
    database_id: Name | None = None,
    replace_existing: bool = False,
    body: bodies.Database | None = None,
) -> Json:
    """A new database of the workspace's user."""
    spec = fields(body.spec if body else None)
    name = spec.get("postgres_database") or (database_id or "").replace("-", "_")
    _check_request("database", name, database_id, replace_existing)
    on_branch(engine, project, branch)
    owner = shapes.role_path(project, engine.project(project)["owner"])
    if spec.get("role", owner) != owner:
        raise invalid(f"Role {spec['role']} does not exist; databases belong to {owner}.")
    made = shapes.database(engine.create_database(project, name))
    return done(made["name"], "create", made)


@router.get(BRANCH + "/databases/{database}", dependencies=[Permitted])
def get_database(engine: Engine, project: Name, branch: Name, database: Name) -> Json:
    """One database."""
    return shapes.database(on_branch(engine, project, branch).database(project, database))


@router.delete(BRANCH + "/databases/{database}", dependencies=[Permitted])
def delete_database(engine: Engine, project: Name, branch: Name, database: Name) -> Json:
    """Remove a database."""
    on_branch(engine, project, branch).delete_database(project, database)
    return done(f"{names.branch_path(project)}/databases/{database}", "delete", {})


def _shown_roles(engine: PostgresEngine, project: str) -> list[Json]:
    return [shapes.role(project, name) for name in engine.roles(project)]


def _check_request(kind: str, name: str, wanted_id: str | None, replace: bool) -> None:
    if wanted_id not in (None, names.dns_name(name)):
        raise invalid(f"The id of {kind} {name} must be {names.dns_name(name)}, not {wanted_id}.")
    if replace:
        raise invalid(f"replace_existing: a local workspace replaces no {kind}; delete the existing one first.")
