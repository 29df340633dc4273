"""What the routes of jobs and of their runs share."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.http.paging import page

API = "/api/2.2/jobs"
Json = dict[str, Any]
Nothing = dict[str, None]
MAX_ENTRIES = 100  # of an array in a job or run
ARRAYS = ("tasks", "iterations", "job_clusters", "job_parameters", "parameters", "environments", "repair_history")


def _jobs(request: Request) -> JobsEngine:
    engine: JobsEngine = request.app.state.engines.jobs
    return engine


def _access(request: Request) -> PermissionsEngine:
    engine: PermissionsEngine = request.app.state.engines.permissions
    return engine


Jobs = Annotated[JobsEngine, Depends(_jobs)]
Access = Annotated[PermissionsEngine, Depends(_access)]
KIND = "jobs"  # the permissions API's word


def with_page_of_arrays(request: Request, doc: Json, token: str) -> Json:
    """`doc` with up to 100 entries of each of its arrays, from where `token` says, and the token of the next page.

    An array without further entries is empty on later pages (https://docs.databricks.com/api/workspace/jobs/getrun).
    """
    longest = max((len(doc[name]) for name in ARRAYS if name in doc), default=0)
    indexes, following = page(request, range(longest), MAX_ENTRIES, token)
    shown = cast("range", indexes)
    cut = {name: doc[name][shown.start : shown.stop] for name in ARRAYS if name in doc}
    return {**doc, **cut, **({"has_more": True, "next_page_token": following} if following else {})}


def refuse_token_of_another(request: Request, token: str) -> None:
    """Raise 400 for a page token that this path has not issued, whether or not what it asks for exists."""
    page(request, [], 1, token)


def listed(name: str, items: Sequence[Json], token: str | None) -> Json:
    """A page of items under `name`, with the token of the next page if there is one."""
    return {name: list(items), "has_more": token is not None} | ({"next_page_token": token} if token else {})
