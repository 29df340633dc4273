"""What the pages of a pipeline and of an update show."""

from dataclasses import dataclass

from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.pipelines.documents import Event, Pipeline, Update
from local_workspace.engines.pipelines.updates import FINAL
from local_workspace.pages.drawing import Drawing
from local_workspace.pages.formats import milliseconds
from local_workspace.pages.pipelines.datasets import Dataset, datasets
from local_workspace.pages.pipelines.graph import graph

_SHOWN_UPDATES, _SHOWN_EVENTS = 50, 200
_CAUSES = {
    "API_CALL": "API call",
    "JOB_TASK": "Job",
    "USER_ACTION": "User",
    "RETRY_ON_FAILURE": "Retry on failure",
    "SCHEMA_CHANGE": "Schema change",
    "SERVICE_UPGRADE": "Service upgrade",
    "INFRASTRUCTURE_MAINTENANCE": "Infrastructure maintenance",
}
_LEVELS = {"": "All", "ERROR": "Error", "WARN": "Warning", "INFO": "Info"}


@dataclass(frozen=True)
class Choice:
    """The tab that is shown, and the level of its events; an empty one is all levels."""

    tab: str = "graph"
    level: str = ""

    @property
    def query(self) -> str:
        """Its part of an address; empty for the page's first view."""
        level = f"&level={self.level}" if self.level else ""
        return "" if self.tab == "graph" else f"?tab={self.tab}{level}"


@dataclass(frozen=True)
class Shown:
    """An update, and how long it took in ms; None while it runs."""

    update: Update
    took: int | None

    @property
    def cause(self) -> str:
        """Why it was started."""
        return _CAUSES.get(self.update["cause"], self.update["cause"])


@dataclass(frozen=True)
class View:
    """What a page shows. `chosen` is the update whose datasets are shown, None if there was none.

    `page` is the path of the page, `events` have their time in ms, the newest first; `error` is why the update failed.
    """

    page: str
    choice: Choice
    pipeline: Pipeline
    state: str
    chosen: Shown | None
    datasets: list[Dataset]
    drawing: Drawing
    updates: list[Shown]
    events: list[tuple[int, Event]]
    error: str

    @property
    def running(self) -> bool:
        """Whether the update still runs."""
        return self.chosen is not None and self.chosen.update["state"] not in FINAL

    @property
    def tab(self) -> str:
        """The address of the tab that is shown."""
        return self.page + Choice(self.choice.tab).query

    @property
    def levels(self) -> list[tuple[str, str]]:
        """Titles and addresses of the event log's levels."""
        return [(title, self.page + Choice("events", level).query) for level, title in _LEVELS.items()]

    def tabs(self, *names: str) -> list[tuple[str, str]]:
        """Titles and addresses of tabs."""
        titles = {"graph": "Graph", "updates": "Updates", "events": "Event log", "settings": "Settings"}
        return [(titles[name], self.page + Choice(name).query) for name in names]


def view_of(engine: PipelinesEngine, choice: Choice, pipeline_id: str, update_id: str = "") -> View:
    """The view of an update of a pipeline, or of its last one. Raises ApiError 404."""
    pipeline = engine.get(pipeline_id)
    log = engine.events(pipeline_id).read(oldest_first=True)
    updates = _updates(engine, pipeline_id, log, [engine.updates.get(pipeline_id, update_id)] if update_id else None)
    chosen = updates[0] if updates else None
    found = datasets(log, chosen.update["update_id"], chosen.update["state"]) if chosen else []
    return View(
        page=f"/pipelines/{pipeline_id}" + (f"/updates/{update_id}" if update_id else ""),
        choice=choice,
        pipeline=pipeline,
        state=engine.state(pipeline_id),
        chosen=chosen,
        datasets=found,
        drawing=graph(found),
        updates=updates,
        events=_events(log, choice.level, update_id),
        error=_error(log, chosen),
    )


def _updates(engine: PipelinesEngine, pipeline_id: str, log: list[Event], only: list[Update] | None) -> list[Shown]:
    ends = {event["origin"]["update_id"]: milliseconds(event["timestamp"]) for event in log if _is_end(event)}
    found = engine.updates.list(pipeline_id)[:_SHOWN_UPDATES] if only is None else only
    return [_shown(each, ends.get(each["update_id"])) for each in found]


def _shown(update: Update, end: int | None) -> Shown:
    return Shown(update, end - update["creation_time"] if end and update["state"] in FINAL else None)


def _is_end(event: Event) -> bool:
    return event["event_type"] == "update_progress"


def _events(log: list[Event], level: str, update_id: str) -> list[tuple[int, Event]]:
    found = [
        event for event in log if update_id in ("", event["origin"]["update_id"]) and level in ("", event["level"])
    ]
    return [(milliseconds(event["timestamp"]), event) for event in found[: -_SHOWN_EVENTS - 1 : -1]]


def _error(log: list[Event], chosen: Shown | None) -> str:
    """Why the update failed, or an empty text."""
    if not chosen or chosen.update["state"] != "FAILED":
        return ""
    mine = [event for event in log if event["origin"]["update_id"] == chosen.update["update_id"] and "error" in event]
    return mine[-1]["message"] if mine else ""
