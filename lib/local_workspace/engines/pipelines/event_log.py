"""The event log of one pipeline: one line of JSON per event, oldest first."""

import json
import os
import uuid
from pathlib import Path
from typing import BinaryIO, cast

from local_workspace.engines.pipelines.documents import Details, Event, Origin, Pipeline
from local_workspace.engines.pipelines.event_filter import matching
from local_workspace.runtime.home import write_atomically
from local_workspace.runtime.timestamps import now_iso

KEEP_LINES = 2_000
MAX_BYTES = 2_000_000


class EventLog:
    """Events in `path`, in the shape of Databricks' `PipelineEvent`."""

    def __init__(self, path: Path, pipeline: Pipeline) -> None:
        self._path = path
        self._pipeline = pipeline

    def append(
        self,
        update_id: str,
        event_type: str,
        message: str,
        *,
        dataset: str | None = None,
        flow: str | None = None,
        error: str | None = None,
        details: Details | None = None,
        timestamp: str | None = None,
    ) -> None:
        """Add an event; `error` is the class name of an exception and makes the level ERROR."""
        origin: Origin = {
            "pipeline_id": self._pipeline["pipeline_id"],
            "pipeline_name": self._pipeline["name"],
            "update_id": update_id,
        }
        if dataset:
            origin["dataset_name"] = dataset
        if flow:
            origin["flow_name"] = flow
        event: Event = {
            "id": str(uuid.uuid4()),
            "timestamp": timestamp or now_iso(),
            "origin": origin,
            "event_type": event_type,
            "level": "ERROR" if error else "INFO",
            "message": message,
        }
        if error:
            event["error"] = {"fatal": True, "exceptions": [{"class_name": error, "message": message}]}
        if details:
            event["details"] = details
        line = json.dumps(event) + "\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            # A line whose write was interrupted, as by a full disk, stays apart from the next.
            file.write((line if _ends_with_line(file) else f"\n{line}").encode())

    def read(self, condition: str | None = None, oldest_first: bool = False) -> list[Event]:
        """The events that the filter `condition` selects, newest first unless `oldest_first`. Raises 400."""
        events = list(filter(matching(condition), self._events()))
        return events if oldest_first else events[::-1]

    def trim(self) -> None:
        """Drop the oldest events of a log that has grown too long."""
        if self._path.exists() and self._path.stat().st_size > MAX_BYTES:
            lines = self._path.read_text().splitlines(keepends=True)
            write_atomically(self._path, "".join(lines[-KEEP_LINES:]))

    def _events(self) -> list[Event]:
        if not self._path.exists():
            return []
        # A line without a newline is being written.
        whole = self._path.read_text(errors="replace").rpartition("\n")[0]
        return [event for line in whole.splitlines() if (event := _event(line))]


def _ends_with_line(file: BinaryIO) -> bool:
    """Whether a file is empty or its last line is whole."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return True
    file.seek(size - 1)
    return file.read() == b"\n"


def _event(line: str) -> Event | None:
    """The event in a line; None if its write was interrupted."""
    try:
        return cast("Event", json.loads(line))
    except ValueError:
        return None
