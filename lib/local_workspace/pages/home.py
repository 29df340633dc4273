"""Home: what runs, what needs a look, and what the workspace's clients have put there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.jobs.history import RunFilter
from local_workspace.engines.jobs.run_documents import Run
from local_workspace.engines.jobs.states import shown_state
from local_workspace.pages.engines import Apps, Guide, Health, Jobs, Pipelines, Serving
from local_workspace.pages.jobs.rows import run_link
from local_workspace.pages.live import whole_or_part
from local_workspace.routes.object_access import JOBS, PIPELINES, sees, sees_endpoint, visible

router = APIRouter(include_in_schema=False)

_RUNS = 8  # shown of each list


@dataclass(frozen=True)
class Entry:
    """A thing that runs or has failed: what it is, its page, its state, and since when (ms since 1970)."""

    kind: str
    name: str
    path: str
    state: str
    since: int | None = None


@router.get("/")
def home(
    request: Request, jobs: Jobs, pipelines: Pipelines, serving: Serving, apps: Apps, health: Health, guide: Guide
) -> HTMLResponse:
    """The home page."""
    services = [*_pipelines(request, pipelines), *_endpoints(request, serving), *_apps(apps, request.state.principal)]
    running, troubled = _entries(jobs, services, health, partial(sees, request, JOBS))
    return whole_or_part(request, "home/home", running=running, troubled=troubled, sections=guide.list())


def _entries(
    jobs: Jobs, services: list[Entry], health: Health, of_jobs: Callable[[int], bool]
) -> tuple[list[Entry], list[Entry]]:
    """What runs, and what has failed."""
    running = [each for each in services if each.kind == "Pipeline" and each.state == "RUNNING"]
    failed = [each for each in services if each.state in ("FAILED", "CRASHED", "UPDATE_FAILED")]
    return [*_runs(jobs, RunFilter(active=True, of_jobs=of_jobs)), *running], [
        *_engines(health),
        *failed,
        *_runs(jobs, RunFilter(state="FAILED", of_jobs=of_jobs)),
    ]


def _runs(jobs: Jobs, wanted: RunFilter) -> list[Entry]:
    return [_run(run) for run in jobs.page_of_runs(wanted, 0, _RUNS, tasks=False)]


def _run(run: Run) -> Entry:
    name, path = run["run_name"] or f"Run {run['run_id']}", run_link(run["job_id"], run["run_id"])
    return Entry("Job run", name, path, shown_state(run["state"]), run["start_time"])


def _pipelines(request: Request, pipelines: Pipelines) -> Iterator[Entry]:
    for pipeline in visible(request, PIPELINES, pipelines.list(), lambda each: each["pipeline_id"]):
        state = pipelines.state(pipeline["pipeline_id"])
        yield Entry("Pipeline", pipeline["name"], f"/pipelines/{pipeline['pipeline_id']}", state)


def _endpoints(request: Request, serving: Serving) -> Iterator[Entry]:
    for endpoint in serving.list():
        if not sees_endpoint(request, endpoint["name"], endpoint["id"]):
            continue
        path = f"/ml/endpoints/{quote(endpoint['name'], safe='')}"
        yield Entry("Serving endpoint", endpoint["name"], path, endpoint["state"]["config_update"])


def _apps(apps: Apps, principal: str | None) -> Iterator[Entry]:
    for app in apps.list_apps(principal):
        yield Entry("App", app["name"], f"/apps/{app['name']}", app["app_status"]["state"])


def _engines(health: Health) -> Iterator[Entry]:
    for engine in health.list():
        if engine["state"] == "FAILED":
            yield Entry("Engine", engine["title"], f"/compute/engines/{quote(engine['name'], safe='')}", "FAILED")
