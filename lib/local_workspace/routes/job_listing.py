"""What the routes of jobs and of their runs share."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request

from local_workspace.engines.jobs import JobsEngine

API = "/api/2.2/jobs"
Json = dict[str, Any]
Nothing = dict[str, None]


def _jobs(request: Request) -> JobsEngine:
    engine: JobsEngine = request.app.state.engines.jobs
    return engine


Jobs = Annotated[JobsEngine, Depends(_jobs)]


def listed(name: str, items: Sequence[Json], token: str | None) -> Json:
    """A page of items under `name`, with the token of the next page if there is one."""
    return {name: list(items), "has_more": token is not None} | ({"next_page_token": token} if token else {})
