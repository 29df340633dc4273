"""What Lakebase's routes have in common: the engine behind them, and the parts of their paths."""

from typing import Annotated, Any

from fastapi import Depends, Request

from local_workspace.engines.postgres import PostgresEngine, names, shapes
from local_workspace.http.bodies import Body, Name
from local_workspace.http.paging import Page, by_page_size
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.permissions import CAN_MANAGE, CAN_USE

BRANCH = "/projects/{project}/branches/{branch}"
Json = dict[str, Any]


def _engine(request: Request) -> PostgresEngine:
    engine: PostgresEngine = request.app.state.engines.postgres
    return engine


Engine = Annotated[PostgresEngine, Depends(_engine)]


def _may(request: Request, engine: Engine, project: Name) -> None:
    """Raise 403 for a service principal that may not see the project, or not change what is in it."""
    level = CAN_USE if request.method == "GET" else CAN_MANAGE
    engine.permissions.check(request.state.principal, project, level)


def _may_manage(request: Request, engine: Engine, project: Name) -> None:
    engine.permissions.check(request.state.principal, project, CAN_MANAGE)


Permitted = Depends(_may)
"""For a route of a project: 403 unless the caller has CAN_USE for a GET, CAN_MANAGE for anything else."""
Manages = Depends(_may_manage)
"""For a route of a project: 403 unless the caller has CAN_MANAGE."""
Pages = Annotated[Page, Depends(by_page_size)]


def on_branch(engine: PostgresEngine, project: str, branch: str) -> PostgresEngine:
    """The engine, if `project` has `branch`. Raises 404."""
    engine.project(project)
    if branch != names.BRANCH:
        raise not_found(f"Branch {branch} does not exist in project {project}, which has {names.BRANCH}.")
    return engine


def shown_endpoint(engine: PostgresEngine, project: str, branch: str, endpoint: str) -> Json:
    """The endpoint of a branch. Raises 404."""
    on_branch(engine, project, branch)
    if endpoint != names.ENDPOINT:
        raise not_found(f"Endpoint {endpoint} does not exist in project {project}, which has {names.ENDPOINT}.")
    return shapes.endpoint(engine.project(project), engine.address(project))


def fields(spec: Body | None, *required: str) -> Json:
    """The fields of a spec that were sent. Raises 400 if a required one was not."""
    sent = spec.sent() if spec else {}
    if missing := [name for name in required if not sent.get(name)]:
        raise invalid(f"The spec lacks {', '.join(missing)}.")
    return sent


def done(resource: str, action: str, response: Json) -> Json:
    """The long-running operation that made or removed a resource; it has ended when it is answered."""
    return {"name": f"{resource}/operations/{action}", "done": True, "response": response, "metadata": {}}
