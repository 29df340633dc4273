"""Lakebase's API (`w.postgres`). What it starts is done when it answers, so an operation's name tells its result."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from local_workspace.engines.postgres import PostgresEngine, names, shapes
from local_workspace.engines.postgres.documents import Credential
from local_workspace.http.bodies import Body, Name, Text
from local_workspace.routes.postgres import bodies
from local_workspace.runtime.errors import invalid, not_found

router = APIRouter(prefix="/api/2.0/postgres")
_BRANCH = "/projects/{project}/branches/{branch}"
Json = dict[str, Any]
TableName = Annotated[Text, Field(max_length=767)]  # three names of 255 characters, with points between them
Resource = Annotated[Text, Field(max_length=1024)]


def _engine(request: Request) -> PostgresEngine:
    engine: PostgresEngine = request.app.state.engines.postgres
    return engine


def _on_branch(request: Request, project: str, branch: str) -> PostgresEngine:
    engine = _engine(request)
    engine.project(project)
    if branch != names.BRANCH:
        raise not_found(f"Branch {branch} does not exist in project {project}, which has {names.BRANCH}.")
    return engine


def _done(resource: str, action: str, response: Json) -> Json:
    return {"name": f"{resource}/operations/{action}", "done": True, "response": response, "metadata": {}}


@router.get("/{resource:path}/operations/create")
def created(request: Request, resource: Resource) -> Json:
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
def deleted(resource: Resource) -> Json:
    """How a deletion came out: it was done before it was answered."""
    return _done(resource, "delete", {})


@router.post("/projects")
def create_project(request: Request, project_id: Name, body: bodies.Project | None = None) -> Json:
    """A new server, with branch, endpoint and default database."""
    spec = body.spec if body else None
    _engine(request).create_project(project_id, spec.display_name if spec else None)
    return created(request, f"projects/{project_id}")


@router.get("/projects")
def list_projects(request: Request) -> Json:
    """All projects."""
    return {"projects": [shapes.project(doc) for doc in _engine(request).projects()]}


@router.get("/projects/{project}")
def get_project(request: Request, project: Name) -> Json:
    """One project."""
    return shapes.project(_engine(request).project(project))


@router.delete("/projects/{project}")
def delete_project(request: Request, project: Name) -> Json:
    """Remove a project and all in it."""
    _engine(request).delete_project(project)
    return deleted(f"projects/{project}")


@router.get("/projects/{project}/branches")
def list_branches(request: Request, project: Name) -> Json:
    """The one branch of a project."""
    return {"branches": [get_branch(request, project, names.BRANCH)]}


@router.get(_BRANCH)
def get_branch(request: Request, project: Name, branch: Name) -> Json:
    """The branch `production`."""
    return shapes.branch(_on_branch(request, project, branch).project(project))


@router.get(_BRANCH + "/endpoints")
def list_endpoints(request: Request, project: Name, branch: Name) -> Json:
    """The one endpoint of a branch."""
    return {"endpoints": [get_endpoint(request, project, branch, names.ENDPOINT)]}


@router.get(_BRANCH + "/endpoints/{endpoint}")
def get_endpoint(request: Request, project: Name, branch: Name, endpoint: Name) -> Json:
    """The endpoint `primary`."""
    engine = _on_branch(request, project, branch)
    if endpoint != names.ENDPOINT:
        raise not_found(f"Endpoint {endpoint} does not exist in project {project}, which has {names.ENDPOINT}.")
    return shapes.endpoint(project, engine.address(project))


@router.get(_BRANCH + "/roles")
def list_roles(request: Request, project: Name, branch: Name) -> dict[str, list[Json]]:
    """The workspace's user, who owns the databases, and the service principals that were let in."""
    engine = _on_branch(request, project, branch)
    owner = engine.project(project)["owner"]
    return {"roles": [shapes.role(project, name, owner) for name in engine.roles(project)]}


@router.post(_BRANCH + "/roles")
def create_role(request: Request, project: Name, branch: Name, body: bodies.Role) -> Json:
    """Let a service principal in."""
    spec = _fields(body.spec, "postgres_role", "identity_type")
    if spec["identity_type"] != "SERVICE_PRINCIPAL":
        raise invalid(f"A role of the kind {spec['identity_type']} can't be made here: only SERVICE_PRINCIPAL.")
    _on_branch(request, project, branch).create_role(project, spec["postgres_role"])
    return created(request, shapes.role_path(project, spec["postgres_role"]))


@router.get(_BRANCH + "/roles/{role}")
def get_role(request: Request, project: Name, branch: Name, role: Name) -> Json:
    """One role."""
    path = f"{names.branch_path(project)}/roles/{role}"
    for found in list_roles(request, project, branch)["roles"]:
        if found["name"] == path:
            return found
    raise not_found(f"Role {role} does not exist in project {project}.")


@router.get(_BRANCH + "/databases")
def list_databases(request: Request, project: Name, branch: Name) -> Json:
    """All databases of a branch."""
    return {"databases": [shapes.database(doc) for doc in _on_branch(request, project, branch).databases(project)]}


@router.post(_BRANCH + "/databases")
def create_database(
    request: Request, project: Name, branch: Name, database_id: Name | None = None, body: bodies.Database | None = None
) -> Json:
    """A new database of the workspace's user."""
    engine, spec = _on_branch(request, project, branch), _fields(body.spec if body else None)
    name = spec.get("postgres_database") or (database_id or "").replace("-", "_")
    if database_id not in (None, names.dns_name(name)):
        raise invalid(f"The id of database {name} must be {names.dns_name(name)}, not {database_id}.")
    owner = shapes.role_path(project, engine.project(project)["owner"])
    if spec.get("role", owner) != owner:
        raise invalid(f"Role {spec['role']} does not exist; databases belong to {owner}.")
    doc = engine.create_database(project, name)
    return created(request, f"{names.branch_path(project)}/databases/{doc['id']}")


@router.get(_BRANCH + "/databases/{database}")
def get_database(request: Request, project: Name, branch: Name, database: Name) -> Json:
    """One database."""
    return shapes.database(_on_branch(request, project, branch).database(project, database))


@router.delete(_BRANCH + "/databases/{database}")
def delete_database(request: Request, project: Name, branch: Name, database: Name) -> Json:
    """Remove a database."""
    _on_branch(request, project, branch).delete_database(project, database)
    return deleted(f"{names.branch_path(project)}/databases/{database}")


@router.post("/catalogs")
def create_catalog(request: Request, catalog_id: Name, body: bodies.Catalog) -> Json:
    """Show a database as a catalog."""
    spec = _fields(body.spec, "branch", "postgres_database")
    _engine(request).create_catalog(
        catalog_id,
        names.project_of(spec["branch"]),
        spec["postgres_database"],
        spec.get("create_database_if_missing", False),
    )
    return created(request, f"catalogs/{catalog_id}")


@router.get("/catalogs/{catalog}")
def get_catalog(request: Request, catalog: Name) -> Json:
    """One catalog."""
    return shapes.catalog(_engine(request).catalog(catalog))


@router.delete("/catalogs/{catalog}")
def delete_catalog(request: Request, catalog: Name) -> Json:
    """Take a catalog off its database."""
    _engine(request).delete_catalog(catalog)
    return deleted(f"catalogs/{catalog}")


@router.post("/synced_tables")
def create_synced_table(request: Request, synced_table_id: TableName, body: bodies.SyncedTable) -> Json:
    """Begin to sync a Delta table."""
    spec = _fields(body.spec, "source_table_full_name", "primary_key_columns", "scheduling_policy")
    _engine(request).synced.create(
        synced_table_id,
        spec["source_table_full_name"],
        spec["primary_key_columns"],
        spec["scheduling_policy"],
        spec.get("postgres_database"),
    )
    return created(request, f"synced_tables/{synced_table_id}")


@router.get("/synced_tables/{table}")
def get_synced_table(request: Request, table: TableName) -> Json:
    """One synced table and how its sync stands."""
    synced = _engine(request).synced
    doc, progress = synced.get(table)
    return shapes.synced_table(doc, progress, synced.newest(doc))


@router.delete("/synced_tables/{table}")
def delete_synced_table(request: Request, table: TableName) -> Json:
    """End a sync and drop its Postgres table."""
    _engine(request).synced.delete(table)
    return deleted(f"synced_tables/{table}")


@router.post("/credentials")
def generate_credential(request: Request, body: bodies.Credential) -> Credential:
    """A password for the caller, the workspace's user or a service principal, at an endpoint."""
    branch, _, endpoint = body.endpoint.partition("/endpoints/")
    if endpoint != names.ENDPOINT:
        raise invalid(f"Endpoint {body.endpoint!r} must be {names.endpoint_path('<project>')}.")
    return _engine(request).credential(names.project_of(branch), request.state.principal)


def _fields(spec: Body | None, *required: str) -> Json:
    """The fields of a spec that were sent. Raises 400 if a required one was not."""
    fields = spec.sent() if spec else {}
    if missing := [name for name in required if not fields.get(name)]:
        raise invalid(f"The spec lacks {', '.join(missing)}.")
    return fields
