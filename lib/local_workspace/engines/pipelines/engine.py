"""The pipelines engine, behind the Pipelines API."""

import shutil
import threading
import uuid
from pathlib import Path
from typing import cast

from local_workspace.engines.pipelines import spec as specs
from local_workspace.engines.pipelines.continuous import ContinuousLoop
from local_workspace.engines.pipelines.documents import Pipeline, Spec
from local_workspace.engines.pipelines.event_log import EventLog
from local_workspace.engines.pipelines.runner import Runner
from local_workspace.engines.pipelines.updates import Updates
from local_workspace.engines.spark import SparkEngine
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, already_exists, not_found
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

KIND = "pipeline"


class PipelinesEngine:
    """The pipelines of a workspace. A continuous one runs until it is stopped, also across restarts.

    While there is too little `space`, its updates wait, and those that a client asks for are refused.
    """

    def __init__(self, home: Home, store: Store, spark: SparkEngine, space: FreeSpace) -> None:
        self._home, self._store, self._spark, self._space = home, store, spark, space
        self._pipelines = Documents[Pipeline](store, KIND)
        self._runner = Runner(home, spark)
        self.updates = Updates(home, store, spark, self._runner, space)
        self._loops: dict[str, ContinuousLoop] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Mark the updates that the last daemon left unfinished, and resume its continuous pipelines."""
        for doc in self._pipelines.list():
            self.updates.abandon(doc["pipeline_id"])
            if doc["active"]:
                self._begin(doc)

    def stop(self) -> None:
        """End all loops, updates and processes; active continuous pipelines resume at the next start."""
        with self._lock:
            running = list(self._loops)
        for pipeline_id in running:
            self._halt(pipeline_id)
        self.updates.stop()
        self._runner.stop()

    def create(self, spec: Spec) -> str:
        """Create a pipeline and return its id; a continuous one starts at once.

        Raises ApiError for a bad spec or a name that is taken.
        """
        self._check(spec)
        spec = self._only_name(spec)
        doc: Pipeline = {
            "pipeline_id": str(uuid.uuid4()),
            "name": spec["name"],
            "spec": spec,
            "tables": [],
            "active": bool(spec.get("continuous")),
            "last_modified": now_ms(),
        }
        self._pipelines.put(doc["pipeline_id"], doc)
        self._runner.prepare()
        if doc["active"]:
            self._begin(doc)
        return doc["pipeline_id"]

    def edit(self, pipeline_id: str, spec: Spec) -> None:
        """Replace a pipeline's spec. Has no effect if it is the same; otherwise a continuous pipeline restarts."""
        self._check(spec)
        known = self.get(pipeline_id)
        expected = spec.get("expected_last_modified", known["last_modified"])
        if expected != known["last_modified"]:
            raise ApiError(
                409,
                "RESOURCE_CONFLICT",
                f"Pipeline {pipeline_id} has changed since {expected}; get it anew.",
            )
        spec = self._only_name(spec, pipeline_id)
        if known["spec"] == spec:
            return
        self._halt(pipeline_id)
        doc = self._pipelines.update(
            pipeline_id,
            name=spec["name"],
            spec=spec,
            last_modified=now_ms(),
            active=bool(spec.get("continuous")),
        )
        if doc["active"]:
            self._begin(doc)

    def get(self, pipeline_id: str) -> Pipeline:
        """A pipeline: pipeline_id, name, spec, tables, active, last_modified (ms). Raises ApiError if unknown."""
        doc = self._pipelines.get(pipeline_id)
        if doc is None:
            raise not_found(f"The specified pipeline {pipeline_id} was not found.")
        return doc

    def list(self) -> list[Pipeline]:
        """All pipelines, in the order they were created."""
        return self._pipelines.list()

    def state(self, pipeline_id: str) -> str:
        """RUNNING while an update runs or a continuous pipeline waits for files, else IDLE."""
        running = self.get(pipeline_id)["active"] or self.updates.active(pipeline_id)
        return "RUNNING" if running else "IDLE"

    def delete(self, pipeline_id: str, cascade: bool = True, force: bool = False) -> None:
        """Stop a pipeline, with `cascade` drop its tables, and delete it; with `force` even if dropping fails."""
        self._halt(self.get(pipeline_id)["pipeline_id"])
        doc = self.get(pipeline_id)
        try:
            for table in doc["tables"] if cascade else []:
                name = table if "`" in table else f"`{specs.schema_of(doc['spec'])}`.`{table}`"
                self._spark.session().sql(f"DROP TABLE IF EXISTS {name}")
        except Exception:  # `force` allows for any failure of the cleanup
            if not force:
                raise
        shutil.rmtree(self.updates.storage(pipeline_id), ignore_errors=True)
        self.updates.forget(pipeline_id)
        self._pipelines.delete(pipeline_id)

    def start_update(self, pipeline_id: str, full_refresh: bool = False, cause: str = "API_CALL") -> str:
        """Start an update and return its id.

        This also resumes a continuous pipeline that was stopped. Raises ApiError 409 if an update runs already, 507 if
        there is too little room on the disk.
        """
        doc = self.get(pipeline_id)
        self._space.check()
        update_id = self.updates.begin(doc, full_refresh, cause)
        if doc["spec"].get("continuous") and not doc["active"]:
            self._begin(self._pipelines.update(pipeline_id, active=True))
        return update_id

    def run_update(self, pipeline_id: str, full_refresh: bool = False) -> str:
        """Start an update for a job's task, like `start_update`."""
        return self.start_update(pipeline_id, full_refresh, "JOB_TASK")

    def cancel_update(self, pipeline_id: str, update_id: str) -> None:
        """Cancel an update if it still runs, and wait for its end."""
        if self.updates.active(pipeline_id) == update_id:
            self.updates.cancel(pipeline_id)

    def wait_update(self, pipeline_id: str, update_id: str, timeout: float | None = None) -> str:
        """Wait for an update's end; its state: COMPLETED, FAILED or CANCELED. Raises TimeoutError."""
        return self.updates.wait(pipeline_id, update_id, timeout)

    def halt(self, pipeline_id: str) -> None:
        """Stop a pipeline: cancel its update, and pause a continuous one until the next `start_update`."""
        self.get(pipeline_id)
        self._pipelines.update(pipeline_id, active=False)
        self._halt(pipeline_id)

    def events(self, pipeline_id: str) -> EventLog:
        """A pipeline's event log. Raises ApiError if the pipeline is unknown."""
        return self.updates.log(self.get(pipeline_id))

    def _check(self, spec: Spec) -> None:
        specs.check(spec)
        catalog = spec.get("catalog")
        if catalog and self._store.get("catalog", catalog) is None:
            raise not_found(f"Catalog '{catalog}' does not exist.")

    def _only_name(self, spec: Spec, pipeline_id: str | None = None) -> Spec:
        """The spec to store. Raises 409 if another pipeline has its name, unless it allows duplicate names."""
        if not spec.get("allow_duplicate_names"):
            for doc in self._pipelines.list():
                if doc["name"] == spec["name"] and doc["pipeline_id"] != pipeline_id:
                    raise already_exists(f"The pipeline name '{spec['name']}' is already used by another pipeline.")
        of_the_request = ("allow_duplicate_names", "expected_last_modified")
        return cast("Spec", {name: value for name, value in spec.items() if name not in of_the_request})

    def _begin(self, doc: Pipeline) -> None:
        directories: list[Path] = specs.source_directories(self._home, doc["spec"])
        loop = ContinuousLoop(doc["name"], directories, lambda: self._continue(doc["pipeline_id"]))
        with self._lock:
            self._loops[doc["pipeline_id"]] = loop
        loop.start()

    def _continue(self, pipeline_id: str) -> bool:
        try:
            update_id = self.updates.active(pipeline_id)
            update_id = update_id or self.updates.begin(self.get(pipeline_id), False, "USER_ACTION")
            return self.updates.wait(pipeline_id, update_id) == "COMPLETED"
        except ApiError:  # another caller's update started first; the loop tries again
            return False

    def _halt(self, pipeline_id: str) -> None:
        with self._lock:
            loop = self._loops.pop(pipeline_id, None)
        if loop:
            loop.stop()
        self.updates.cancel(pipeline_id)
        while loop and not loop.join(0.2):  # it may have started another update
            self.updates.cancel(pipeline_id)
