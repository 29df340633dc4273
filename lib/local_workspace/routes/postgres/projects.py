"""Projects with their one branch and endpoint, and the credentials for it."""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Request

from local_workspace.engines.postgres import names, shapes
from local_workspace.engines.postgres.documents import Credential
from local_workspace.http.bodies import Name
from local_workspace.routes.postgres import bodies
from local_workspace.routes.postgres.shared import (
    BRANCH,
    Engine,
    Json,
    Manages,
    Pages,
    Permitted,
    done,
    fields,
    on_branch,
    shown_endpoint,
)
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.permissions import CAN_MANAGE, CAN_USE, of_principal

router = APIRouter()


@router.post("/projects")
def create_project(request: Request, engine: Engine, project_id: Name, body: bodies.Project | None = None) -> Json:
    """A new server, with branch, endpoint and default database; who makes it may manage it."""
    spec = body.spec if body else None
    doc = engine.create_project(project_id, spec.display_name if spec else None)
    engine.permissions.add(project_id, [of_principal(request.state.caller or doc["owner"], CAN_MANAGE)])
    return done(f"projects/{project_id}", "create", shapes.project(doc))


@router.get("/projects")
def list_projects(engine: Engine, page: Pages, show_deleted: bool = False) -> Mapping[str, object]:
    """All projects. None is deleted and can still be shown."""
    return page.of("projects", [shapes.project(doc) for doc in engine.projects()])


@router.get("/projects/{project}", dependencies=[Permitted])
def get_project(engine: Engine, project: Name) -> Json:
    """One project."""
    return shapes.project(engine.project(project))


@router.delete("/projects/{project}", dependencies=[Permitted])
def delete_project(engine: Engine, project: Name, purge: bool = False) -> Json:
    """Remove a project and all in it for good, with and without `purge`."""
    engine.delete_project(project)
    return done(f"projects/{project}", "delete", {})


@router.get("/projects/{project}/branches", dependencies=[Permitted])
def list_branches(engine: Engine, project: Name, page: Pages, show_deleted: bool = False) -> Mapping[str, object]:
    """The one branch of a project."""
    return page.of("branches", [shapes.branch(engine.project(project))])


@router.get(BRANCH, dependencies=[Permitted])
def get_branch(engine: Engine, project: Name, branch: Name) -> Json:
    """The branch `production`."""
    return shapes.branch(on_branch(engine, project, branch).project(project))


@router.get(BRANCH + "/endpoints", dependencies=[Permitted])
def list_endpoints(engine: Engine, project: Name, branch: Name, page: Pages) -> Mapping[str, object]:
    """The one endpoint of a branch."""
    return page.of("endpoints", [shown_endpoint(engine, project, branch, names.ENDPOINT)])


@router.get(BRANCH + "/endpoints/{endpoint}", dependencies=[Permitted])
def get_endpoint(engine: Engine, project: Name, branch: Name, endpoint: Name) -> Json:
    """The endpoint `primary`."""
    return shown_endpoint(engine, project, branch, endpoint)


@router.patch(BRANCH + "/endpoints/{endpoint}", dependencies=[Manages])
def update_endpoint(
    engine: Engine,
    project: Name,
    branch: Name,
    endpoint: Name,
    body: bodies.Endpoint,
    update_mask: Literal["spec.disabled"],
) -> Json:
    """Disable the endpoint, which ends its server and all connections, or enable it again."""
    shown_endpoint(engine, project, branch, endpoint)
    engine.disable_endpoint(project, bool(fields(body.spec).get("disabled")))
    return done(names.endpoint_path(project), "update", shown_endpoint(engine, project, branch, endpoint))


@router.post("/credentials")
def generate_credential(request: Request, engine: Engine, body: bodies.Credential) -> Credential:
    """A password for the caller at an endpoint."""
    branch, _, endpoint = body.endpoint.partition("/endpoints/")
    if endpoint != names.ENDPOINT:
        raise invalid(f"Endpoint {body.endpoint!r} must be {names.endpoint_path('<project>')}.")
    project, caller = names.project_of(branch), request.state.caller
    engine.permissions.check(request.state.principal, engine.project(project)["project_id"], CAN_USE)
    return engine.credential(project, caller or None)
