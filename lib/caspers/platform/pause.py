"""What costs money as long as it runs, and how to stop it without removing anything.

A pause removes nothing. Continuous syncs to Lakebase can't be stopped, only removed (`runbook.py --destroy`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from databricks.sdk.errors import NotFound
from databricks.sdk.service.jobs import JobSettings, PauseStatus

from caspers.platform import state
from caspers.platform.client import HasClient
from caspers.platform.state import Resource

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

COSTS = {
    "job": "a serverless run at each time of its schedule",
    "pipeline": "compute without a break while it is continuous",
    "endpoint": "nothing while nobody calls it for half an hour, but the streams call it every ten minutes",
    "app": "compute while it is started, used or not",
    "warehouse": "compute until ten minutes after the last query",
    "postgres_project": "compute while something is connected, as the sync always is",
    "synced_table": "a continuous pipeline of its own",
}
"""What a resource of each type costs on Databricks while the workbook is left alone."""


def standing(ws: "Workbook") -> list[Resource]:
    """The registered resources that cost money while they run, the oldest first."""
    return [resource for resource in state.resources(ws) if resource.type in COSTS]


def pause(ws: "Workbook") -> list[str]:
    """Stop the schedules, the pipeline and the app; returns their names. Can be repeated; what is gone is left out."""
    return _each(ws, _PAUSES)


def resume(ws: "Workbook") -> list[str]:
    """Start again what `pause` has stopped; returns the names."""
    return _each(ws, _RESUMES)


def _each(ws: "Workbook", actions: dict[str, Callable[[HasClient, str], object]]) -> list[str]:
    done = []
    for resource in standing(ws):
        if resource.type in actions and _found(actions[resource.type], ws, resource.id):
            done.append(resource.name)
    return done


def _found(action: Callable[[HasClient, str], object], ws: HasClient, id: str) -> bool:
    try:
        action(ws, id)
    except NotFound:  # somebody has removed it
        return False
    return True


def _schedule(ws: HasClient, id: str, status: PauseStatus) -> None:
    settings = ws.w.jobs.get(int(id)).settings
    if settings and settings.schedule:
        ws.w.jobs.update(int(id), new_settings=JobSettings(schedule=replace(settings.schedule, pause_status=status)))


_PAUSES: dict[str, Callable[[HasClient, str], object]] = {
    "job": lambda ws, id: _schedule(ws, id, PauseStatus.PAUSED),
    "pipeline": lambda ws, id: ws.w.pipelines.stop(id),
    "app": lambda ws, id: ws.w.apps.stop(id),
}
_RESUMES: dict[str, Callable[[HasClient, str], object]] = {
    "job": lambda ws, id: _schedule(ws, id, PauseStatus.UNPAUSED),
    "pipeline": lambda ws, id: ws.w.pipelines.start_update(id),
    "app": lambda ws, id: ws.w.apps.start(id),
}
