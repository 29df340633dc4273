"""Permissions on jobs, pipelines, endpoints, warehouses and what is in folders, as they bind all but administrators.

Sources: https://docs.databricks.com/aws/en/security/auth/access-control/, and for the order, permission before
existence, the CLI's acceptance server (`libs/testserver/jobs.go`).
"""

from collections.abc import Callable, Sequence

from fastapi import Request

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.permissions.kinds import IN_FOLDERS, KINDS, MANAGE, OWNER
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.permissions import of_principal
from local_workspace.runtime.principals import endpoint_of

JOBS, PIPELINES, ENDPOINTS, WAREHOUSES = "jobs", "pipelines", "serving-endpoints", "sql/warehouses"
BINDING = (JOBS, PIPELINES, ENDPOINTS, WAREHOUSES, "experiments", *IN_FOLDERS)
"""The kinds of things on which only those with permission may do something."""
_WORDS = {"CAN_READ": "View", "CAN_EDIT": "Edit", MANAGE: "Manage"}
OF_DATABRICKS = "databricks-"
"""How the names of the foundation models begin that Databricks serves, which all users may query."""


class Needs:
    """A dependency: the caller needs `level` on the thing whose id is the path's `parameter`, if it has that."""

    def __init__(self, kind: str, parameter: str, level: str) -> None:
        self._kind, self._parameter, self._level = kind, parameter, level

    def __call__(self, request: Request) -> None:
        """Raise ApiError 403 unless it has."""
        check(request, self._kind, request.path_params[self._parameter], self._level)


def check(request: Request, kind: str, object_id: str | int, level: str) -> None:
    """Raise ApiError 403 unless the caller has `level` on a thing, or one above it."""
    if bound := _bound(request):
        _permissions(request).check(kind, str(object_id), bound, level)


def check_manages(request: Request, kind: str, object_id: str) -> None:
    """Raise ApiError 403 unless the caller may change who may do what with a thing of a kind that is BINDING.

    Its owner may, too. The words on jobs are those of the CLI's acceptance server.
    """
    bound: str | None = request.state.principal
    if bound is None or kind not in BINDING:
        return
    level = OWNER if OWNER in KINDS[kind].levels else MANAGE
    if kind == JOBS and not _permissions(request).may(kind, object_id, bound, level):
        message = f"{bound} does not have Manage permissions on Job with ID: ElasticJobId({object_id}). "
        raise ApiError(403, "PERMISSION_DENIED", f"{message}Please contact the owner or an administrator for access.")
    _permissions(request).check(kind, object_id, bound, level)


def check_run(request: Request, run_id: int, level: str) -> None:
    """Raise ApiError 403 unless the caller has `level` on the job of a run; 404 if there is no such run."""
    if _bound(request):
        jobs: JobsEngine = request.app.state.engines.jobs
        check(request, JOBS, jobs.run(run_id)["job_id"], level)


def sees(request: Request, kind: str, object_id: str | int) -> bool:
    """Whether the caller may see a thing at all."""
    bound = _bound(request)
    return bound is None or _permissions(request).may(kind, str(object_id), bound)


def sees_endpoint(request: Request, name: str, endpoint_id: str) -> bool:
    """Whether the caller may see a serving endpoint at all."""
    return name.startswith(OF_DATABRICKS) or sees(request, ENDPOINTS, endpoint_id)


def visible[Item](request: Request, kind: str, items: Sequence[Item], id_of: Callable[[Item], str | int]) -> list[Item]:
    """Those of the items that the caller may see."""
    return [item for item in items if sees(request, kind, id_of(item))]


def give_to_maker(request: Request, kind: str, object_id: str | int) -> None:
    """Let the caller own the thing that it has made, or manage it where things have no owner."""
    if request.state.principal:
        level = MANAGE if kind == ENDPOINTS else OWNER
        _permissions(request).start_with(kind, str(object_id), [of_principal(request.state.principal, level)])


def check_path(request: Request, path: str, level: str) -> None:
    """Raise ApiError 403 unless the caller has `level` on what is or would be at a path of the workspace.

    The words are those of a job's refusals, in https://github.com/databricks/cli `libs/testserver/jobs.go`.
    """
    bound = _bound(request)
    if bound and not _permissions(request).may_at(_files(request).places(path), bound, level):
        message = f"{bound} does not have {_WORDS[level]} permissions on {path}. "
        raise ApiError(403, "PERMISSION_DENIED", f"{message}Please contact the owner or an administrator for access.")


def check_sees_path(request: Request, path: str) -> None:
    """Raise ApiError 404 if nothing is at a path, 403 unless the caller may see it."""
    _files(request).resolve(path)
    if not sees_path(request, path):
        check_path(request, path, "CAN_READ")


def sees_path(request: Request, path: str) -> bool:
    """Whether the caller may see what is at a path: also a folder that leads to something that it may see."""
    bound = _bound(request)
    if bound is None:
        return True
    permissions, files = _permissions(request), _files(request)
    places = files.places(path)
    if permissions.may_at(places, bound) or places[0].path in ("/", "/Users"):
        return True
    return places[0].kind == "directories" and any(permissions.may_at([each], bound) for each in files.below(path))


def give_new_to_maker(request: Request, path: str, made: Callable[[], object]) -> None:
    """Call `made`, and let the caller manage what is at `path` thereafter, or the highest folder that was made for it.

    Who has made something manages it.
    """
    files, permissions = _files(request), _permissions(request)
    new = [place for place in files.places(path) if not files.exists(place.path)]
    made()
    maker: str | None = request.state.principal
    if new and maker:
        place = next(each for each in files.places(path) if each.path == new[-1].path)
        if not permissions.may_at([place], maker, MANAGE):  # as in a home, or in the folder of all
            permissions.start_with(place.kind, place.object_id, [of_principal(maker, MANAGE)])


def check_endpoint(request: Request, name: str, level: str) -> None:
    """Raise ApiError 403 unless the caller has `level` on the serving endpoint of that name; 404 if it isn't there.

    All users may see and query Databricks' own foundation models.
    """
    if _bound(request) and not (name.startswith(OF_DATABRICKS) and level != MANAGE):
        check(request, ENDPOINTS, request.app.state.engines.serving.get(name)["id"], level)


def check_makes_warehouses(request: Request) -> None:
    """Raise ApiError 403 unless the caller may create SQL warehouses: it needs the entitlement to create clusters.

    Source: https://docs.databricks.com/aws/en/compute/sql-warehouse/create
    """
    bound = _bound(request)
    if bound and "allow-cluster-create" not in request.app.state.directory.named(bound)["entitlements"]:
        raise ApiError(
            403,
            "PERMISSION_DENIED",
            f"{bound} may not create SQL warehouses: an administrator gives it the entitlement allow-cluster-create.",
        )


def _bound(request: Request) -> str | None:
    """The caller whom permissions bind: no administrator, and no served model, which has what its `resources=` name."""
    principal: str | None = request.state.principal
    return None if principal is None or endpoint_of(principal) else principal


def _files(request: Request) -> WorkspaceFiles:
    files: WorkspaceFiles = request.app.state.engines.workspace_files
    return files


def _permissions(request: Request) -> PermissionsEngine:
    engine: PermissionsEngine = request.app.state.engines.permissions
    return engine
