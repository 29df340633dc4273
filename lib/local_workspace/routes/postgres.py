"""Lakebase's API (`w.postgres`). What it starts is done when it answers, so an operation's name tells its result."""

from typing import Any

from fastapi import APIRouter, Request

from local_workspace.engines.postgres import PostgresEngine, names, shapes
from local_workspace.runtime.errors import invalid, not_found

router = APIRouter(prefix="/api/2.0/postgres")
_BRANCH = "/projects/{project}/branches/{branch}"
Json = dict[str, Any]


def _engine(request: Request) -> PostgresEngine:
    return request.app.state.engines.postgres


def _on_branch(request: Request, project: str, branch: str) -> PostgresEngine:
    engine = _engine(request)
    engine.project(project)
    if branch != names.BRANCH:
        raise not_found(f"Branch {branch} does not exist in project {project}, which has {names.BRANCH}.")
    return engine


def _done(resource: str, action: str, response: Json) -> Json:
    return {"name": f"{resource}/operations/{action}", "done": True, "response": response, "metadata": {}}


@router.get("/{resource:path}/operations/create")
def created(request: Request, resource: str) -> Json:
    """How a creation came out: the resource."""
    match resource.split("/"):
        case ["projects", project]:
            response = get_project(request, project)
        case ["projects", project, "branches", branch, "databases", database]:
            response = get_database(request, project, branch, database)
        case ["projects", project, "branches", branch, "roles", role]:
            response = get_role(request, project, branch, role)
        case ["catalogs", catalog]:
            response = get_catalog(request, catalog)
        case ["synced_tables", table]:
            response = get_synced_table(request, table)
        case _:
            raise not_found(f"No operation created {resource}.")
    return _done(resource, "create", response)


@router.get("/{resource:path}/operations/delete")
def deleted(resource: str) -> Json:
    """How a deletion came out: it was done before it was answered."""
    return _done(resource, "delete", {})


@router.post("/projects")
def create_project(request: Request, project_id: str, body: Json | None = None) -> Json:
    """A new server, with branch, endpoint and default database."""
    _engine(request).create_project(project_id, (body or {}).get("spec", {}).get("display_name"))
    return created(request, f"projects/{project_id}")


@router.get("/projects")
def list_projects(request: Request) -> Json:
    """All projects."""
    return {"projects": [shapes.project(doc) for doc in _engine(request).projects()]}


@router.get("/projects/{project}")
def get_project(request: Request, project: str) -> Json:
    """One project."""
    return shapes.project(_engine(request).project(project))


@router.delete("/projects/{project}")
def delete_project(request: Request, project: str) -> Json:
    """Remove a project and all in it."""
    _engine(request).delete_project(project)
    return deleted(f"projects/{project}")


@router.get("/projects/{project}/branches")
def list_branches(request: Request, project: str) -> Json:
    """The one branch of a project."""
    return {"branches": [get_branch(request, project, names.BRANCH)]}


@router.get(_BRANCH)
def get_branch(request: Request, project: str, branch: str) -> Json:
    """The branch `production`."""
    return shapes.branch(_on_branch(request, project, branch).project(project))


@router.get(_BRANCH + "/endpoints")
def list_endpoints(request: Request, project: str, branch: str) -> Json:
    """The one endpoint of a branch."""
    return {"endpoints": [get_endpoint(request, project, branch, names.ENDPOINT)]}


@router.get(_BRANCH + "/endpoints/{endpoint}")
def get_endpoint(request: Request, project: str, branch: str, endpoint: str) -> Json:
    """The endpoint `primary`."""
    engine = _on_branch(request, project, branch)
    if endpoint != names.ENDPOINT:
        raise not_found(f"Endpoint {endpoint} does not exist in project {project}, which has {names.ENDPOINT}.")
    return shapes.endpoint(project, engine.address(project))


@router.get(_BRANCH + "/roles")
def list_roles(request: Request, project: str, branch: str) -> Json:
    """The workspace's user, who owns the databases, and the service principals that were let in."""
    engine = _on_branch(request, project, branch)
    owner = engine.project(project)["owner"]
    return {"roles": [shapes.role(project, name, owner) for name in engine.roles(project)]}


@router.post(_BRANCH + "/roles")
def create_role(request: Request, project: str, branch: str, body: Json) -> Json:
    """Let a service principal in."""
    spec = _spec(body, "postgres_role", "identity_type")
    if spec["identity_type"] != "SERVICE_PRINCIPAL":
        raise invalid(f"A role of the kind {spec['identity_type']} can't be made here: only SERVICE_PRINCIPAL.")
    _on_branch(request, project, branch).create_role(project, spec["postgres_role"])
    return created(request, shapes.role_path(project, spec["postgres_role"]))


@router.get(_BRANCH + "/roles/{role}")
def get_role(request: Request, project: str, branch: str, role: str) -> Json:
    """One role."""
    path = f"{names.branch_path(project)}/roles/{role}"
    for found in list_roles(request, project, branch)["roles"]:
        if found["name"] == path:
            return found
    raise not_found(f"Role {role} does not exist in project {project}.")


@router.get(_BRANCH + "/databases")
def list_databases(request: Request, project: str, branch: str) -> Json:
    """All databases of a branch."""
    return {"databases": [shapes.database(doc) for doc in _on_branch(request, project, branch).databases(project)]}


@router.post(_BRANCH + "/databases")
def create_database(
    request: Request, project: str, branch: str, database_id: str | None = None, body: Json | None = None
) -> Json:
    """A new database of the workspace's user."""
    engine, spec = _on_branch(request, project, branch), (body or {}).get("spec", {})
    name = spec.get("postgres_database") or (database_id or "").replace("-", "_")
    if database_id not in (None, names.dns_name(name)):
        raise invalid(f"The id of database {name} must be {names.dns_name(name)}, not {database_id}.")
    owner = shapes.role_path(project, engine.project(project)["owner"])
    if spec.get("role", owner) != owner:
        raise invalid(f"Role {spec['role']} does not exist; databases belong to {owner}.")
    doc = engine.create_database(project, name)
    return created(request, f"{names.branch_path(project)}/databases/{doc['id']}")


@router.get(_BRANCH + "/databases/{database}")
def get_database(request: Request, project: str, branch: str, database: str) -> Json:
    """One database."""
    return shapes.database(_on_branch(request, project, branch).database(project, database))


@router.delete(_BRANCH + "/databases/{database}")
def delete_database(request: Request, project: str, branch: str, database: str) -> Json:
    """Remove a database."""
    _on_branch(request, project, branch).delete_database(project, database)
    return deleted(f"{names.branch_path(project)}/databases/{database}")


@router.post("/catalogs")
def create_catalog(request: Request, catalog_id: str, body: Json) -> Json:
    """Show a database as a catalog."""
    spec = _spec(body, "branch", "postgres_database")
    _engine(request).create_catalog(
        catalog_id,
        names.project_of(spec["branch"]),
        spec["postgres_database"],
        bool(spec.get("create_database_if_missing")),
    )
    return created(request, f"catalogs/{catalog_id}")


@router.get("/catalogs/{catalog}")
def get_catalog(request: Request, catalog: str) -> Json:
    """One catalog."""
    return shapes.catalog(_engine(request).catalog(catalog))


@router.delete("/catalogs/{catalog}")
def delete_catalog(request: Request, catalog: str) -> Json:
    """Take a catalog off its database."""
    _engine(request).delete_catalog(catalog)
    return deleted(f"catalogs/{catalog}")


@router.post("/synced_tables")
def create_synced_table(request: Request, synced_table_id: str, body: Json) -> Json:
    """Begin to sync a Delta table."""
    spec = _spec(body, "source_table_full_name", "primary_key_columns", "scheduling_policy")
    _engine(request).synced.create(
        synced_table_id,
        spec["source_table_full_name"],
        spec["primary_key_columns"],
        spec["scheduling_policy"],
        spec.get("postgres_database"),
    )
    return created(request, f"synced_tables/{synced_table_id}")


@router.get("/synced_tables/{table}")
def get_synced_table(request: Request, table: str) -> Json:
    """One synced table and how its sync stands."""
    synced = _engine(request).synced
    doc, progress = synced.get(table)
    return shapes.synced_table(doc, progress, synced.newest(doc))


@router.delete("/synced_tables/{table}")
def delete_synced_table(request: Request, table: str) -> Json:
    """End a sync and drop its Postgres table."""
    _engine(request).synced.delete(table)
    return deleted(f"synced_tables/{table}")


@router.post("/credentials")
def generate_credential(request: Request, body: Json) -> Json:
    """A password for whoever asks, the workspace's user or a service principal, at an endpoint."""
    branch, _, endpoint = body.get("endpoint", "").partition("/endpoints/")
    if endpoint != names.ENDPOINT:
        raise invalid(f"Endpoint {body.get('endpoint')!r} must be {names.endpoint_path('<project>')}.")
    return _engine(request).credential(names.project_of(branch), request.state.principal)


def _spec(body: Json, *required: str) -> Json:
    spec = body.get("spec") or {}
    missing = [name for name in required if not spec.get(name)]
    if missing:
        raise invalid(f"The spec lacks {', '.join(missing)}.")
    return spec
