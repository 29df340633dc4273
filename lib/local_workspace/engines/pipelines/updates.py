"""Updates of pipelines: at most one at a time per pipeline, each in a process of its own."""

import contextlib
import threading
import uuid
from pathlib import Path

from local_workspace.engines.pipelines import spec as specs
from local_workspace.engines.pipelines.documents import Pipeline, Report, Update, UpdateRequest
from local_workspace.engines.pipelines.event_log import EventLog
from local_workspace.engines.pipelines.reports import Reports
from local_workspace.engines.pipelines.runner import Runner, UpdateProcess
from local_workspace.engines.pipelines.written import Tables, Written
from local_workspace.engines.spark import SparkEngine, SparkLake
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, StorageError, not_found
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso, now_ms

FINAL = {"COMPLETED", "FAILED", "CANCELED"}
KEEP = 100


class Updates:
    """Runs updates and stores the last KEEP of each pipeline."""

    def __init__(self, home: Home, store: Store, spark: SparkEngine, runner: Runner, space: FreeSpace) -> None:
        self._home, self._store, self._spark, self._runner, self._space = home, store, spark, runner, space
        self._changed = threading.Condition()
        self._active: dict[str, str] = {}
        self._processes: dict[str, UpdateProcess] = {}
        self._canceled: set[str] = set()
        self._tables = Tables(SparkLake(spark).location)

    def begin(self, pipeline: Pipeline, full_refresh: bool, cause: str) -> str:
        """Start an update of `pipeline` and return its id. Raises ApiError (409) if one runs already."""
        pipeline_id, update_id = pipeline["pipeline_id"], str(uuid.uuid4())
        with self._changed:
            if running := self._active.get(pipeline_id):
                raise ApiError(
                    409, "RESOURCE_CONFLICT", f"An active update {running} already exists for pipeline {pipeline_id}."
                )
            self._updates(pipeline_id).put(
                update_id,
                {
                    "pipeline_id": pipeline_id,
                    "update_id": update_id,
                    "cause": cause,
                    "full_refresh": full_refresh,
                    "creation_time": now_ms(),
                    "state": "QUEUED",
                    "config": pipeline["spec"],
                },
            )
            self._active[pipeline_id] = update_id
        threading.Thread(
            target=self._run, args=(pipeline, update_id, full_refresh), daemon=True, name=f"update-{pipeline['name']}"
        ).start()
        return update_id

    def active(self, pipeline_id: str) -> str | None:
        """The id of the running update, or None."""
        with self._changed:
            return self._active.get(pipeline_id)

    def get(self, pipeline_id: str, update_id: str) -> Update:
        """An update, with the fields of Databricks' `UpdateInfo`. Raises ApiError if unknown."""
        doc = self._updates(pipeline_id).get(update_id)
        if doc is None:
            raise not_found(f"Update {update_id} of pipeline {pipeline_id} does not exist.")
        return doc

    def list(self, pipeline_id: str, until: str | None = None) -> list[Update]:
        """The stored updates of a pipeline, newest first, back to `until`. Raises ApiError if that is unknown."""
        updates = self._updates(pipeline_id).list()[::-1]
        if until is None:
            return updates
        oldest = self.get(pipeline_id, until)["update_id"]
        return updates[: [update["update_id"] for update in updates].index(oldest) + 1]

    def wait(self, pipeline_id: str, update_id: str, timeout: float | None = None) -> str:
        """Wait for the end of an update and return its state. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._active.get(pipeline_id) != update_id, timeout):
                raise TimeoutError(f"update {update_id} did not end within {timeout} s")
        return self.get(pipeline_id, update_id)["state"]

    def cancel(self, pipeline_id: str) -> None:
        """Cancel the running update, if any, and wait for its end."""
        with self._changed:
            update_id = self._active.get(pipeline_id)
            if update_id is None:
                return
            self._canceled.add(update_id)
            process = self._processes.get(update_id)
        if process:
            process.end()
        self.wait(pipeline_id, update_id)

    def stop(self) -> None:
        """Cancel all running updates."""
        self._space.close()
        with self._changed:
            running = list(self._active)
        for pipeline_id in running:
            self.cancel(pipeline_id)

    def abandon(self, pipeline_id: str) -> None:
        """Mark the updates that a killed daemon left unfinished; their processes ended with it."""
        for update in self.list(pipeline_id):
            if update["state"] not in FINAL:
                self._updates(pipeline_id).update(update["update_id"], state="CANCELED")

    def forget(self, pipeline_id: str) -> None:
        """Remove all updates of a pipeline."""
        for update in self.list(pipeline_id):
            self._updates(pipeline_id).delete(update["update_id"])

    def storage(self, pipeline_id: str) -> Path:
        """The directory of a pipeline's checkpoints and event log."""
        return self._home.root / "pipelines" / pipeline_id

    def log(self, pipeline: Pipeline) -> EventLog:
        """The event log of a pipeline."""
        return EventLog(self.storage(pipeline["pipeline_id"]) / "events.jsonl", pipeline)

    def _run(self, pipeline: Pipeline, update_id: str, full_refresh: bool) -> None:
        pipeline_id, log = pipeline["pipeline_id"], self.log(pipeline)
        try:
            log.trim()
            has_room = self._await_room(pipeline_id, update_id, log)
            end = self._follow(pipeline, update_id, full_refresh, log) if has_room else _end("CANCELED")
        except Exception as error:  # a thread's boundary: any error fails the update and is logged
            end = _end("FAILED", str(error)) | {"error_class": type(error).__name__}
        if end["state"] == "FAILED" and update_id in self._canceled:  # `cancel` ended its process
            end = _end("CANCELED")
        try:
            self._space.keep_trying(lambda: _log_end(log, update_id, end))
            self._space.keep_trying(lambda: self._updates(pipeline_id).update(update_id, state=end["state"]))
        finally:
            self._finish(pipeline_id, update_id)

    def _await_room(self, pipeline_id: str, update_id: str, log: EventLog) -> bool:
        """Wait until there is room on the disk; False if the update is canceled or the workspace stops before."""
        if shortage := self._space.shortage():
            with contextlib.suppress(OSError, StorageError):  # the disk may not take even this
                self._updates(pipeline_id).update(update_id, state="WAITING_FOR_RESOURCES")
                message = f"Update {update_id[:6]} is WAITING_FOR_RESOURCES. {shortage}"
                log.append(update_id, "update_progress", message)
        return self._space.wait(lambda: update_id in self._canceled)

    def _follow(self, pipeline: Pipeline, update_id: str, full_refresh: bool, log: EventLog) -> Report:
        """Run an update and log its events; returns the last one, which has its state."""
        updates = self._updates(pipeline["pipeline_id"])
        updates.update(update_id, state="INITIALIZING")
        request = self._request(pipeline, full_refresh)
        reports = Reports(log, update_id, self._spark.catalog(), Written(self._tables, now_ms()))
        process = self._runner.start()
        try:
            if not self._attach(update_id, process):
                return _end("CANCELED")
            for event in process.run(request):
                if "tables" in event:
                    self._store.update("pipeline", pipeline["pipeline_id"], tables=event["tables"])
                    updates.update(update_id, state="RUNNING")
                if "state" in event:
                    return event
                reports.log(event)
        finally:
            self._processes.pop(update_id, None)
            process.end()
        raise RuntimeError(f"its process ended too early, see {self._home.logs / 'pipelines.log'}")

    def _updates(self, pipeline_id: str) -> Documents[Update]:
        return Documents[Update](self._store, f"pipeline_update/{pipeline_id}")

    def _attach(self, update_id: str, process: UpdateProcess) -> bool:
        with self._changed:
            self._processes[update_id] = process
            return update_id not in self._canceled

    def _request(self, pipeline: Pipeline, full_refresh: bool) -> UpdateRequest:
        spec = pipeline["spec"]
        files = [str(path) for path in specs.source_files(self._home, spec)]
        root = spec.get("root_path")
        self._spark.wait_ready()
        return {
            "remote": self._spark.remote,
            "schema": specs.schema_of(spec),
            "files": files,
            "storage": (self.storage(pipeline["pipeline_id"]) / "checkpoints").as_uri(),
            "root_path": str(specs.local_path(self._home, root)) if root else None,
            "configuration": spec.get("configuration", {}),
            "full_refresh": full_refresh,
        }

    def _finish(self, pipeline_id: str, update_id: str) -> None:
        with self._changed:
            self._canceled.discard(update_id)
            del self._active[pipeline_id]
            self._changed.notify_all()
        for old in self.list(pipeline_id)[KEEP:]:
            self._updates(pipeline_id).delete(old["update_id"])


def _log_end(log: EventLog, update_id: str, end: Report) -> None:
    message = f"Update {update_id[:6]} is {end['state']}."
    if end["state"] == "FAILED":
        message += f" {end['message']}"
    log.append(update_id, "update_progress", message, error=end.get("error_class"))


def _end(state: str, message: str = "") -> Report:
    return {"timestamp": now_iso(), "event_type": "update_progress", "message": message, "state": state}
