"""The triggers of all jobs that watch files or tables."""

import logging
import threading
from collections.abc import Callable

from local_workspace.engines.jobs.documents import Job, Trigger
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.sources import Sources
from local_workspace.engines.jobs.watch import (
    Watch,
    fired,
    first_look,
    is_due,
    look_again,
    reference_values,
    watched_by,
)
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

log = logging.getLogger(__name__)
KIND = "job_watch"


class Watches:
    """Keeps what each trigger has seen. `start_run` starts a run of a job.

    The state is stored after the run has been started, and the run has a token of its own: a daemon that dies between
    the two starts no second run. `lock` is the one under which jobs change and runs start.
    """

    def __init__(
        self,
        store: Store,
        sources: Sources,
        start_run: Callable[[int, Start], object],
        lock: threading.RLock,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._store, self._sources = Documents[Watch](store, KIND), sources
        self._start_run, self._lock, self._clock = start_run, lock, clock

    def put(self, job: Job) -> None:
        """Follow the settings of a job: what exists when it begins to watch starts no run.

        Raises ApiError for a volume or table that does not exist.
        """
        trigger = job["settings"].get("trigger", {})
        watched = watched_by(trigger)
        with self._lock:
            watch = self._store.get(str(job["job_id"]))
            if not watched:
                self._store.delete(str(job["job_id"]))
            elif watch is None or watch["watched"] != watched:
                self._store.put(str(job["job_id"]), first_look(trigger, self._sources))

    def remove(self, job_id: int) -> None:
        """Forget a job."""
        with self._lock:
            self._store.delete(str(job_id))

    def get(self, job_id: int) -> Watch | None:
        """What the job's trigger has seen; None if it does not watch."""
        return self._store.get(str(job_id))

    def look(self, job: Job) -> None:
        """Look at what a job's trigger watches, and start a run if it is due."""
        trigger, now = job["settings"].get("trigger", {}), self._clock()
        watch = self._store.get(str(job["job_id"]))
        if watch is None:
            return
        try:
            seen = look_again(watch, trigger, self._sources, now)
        except (ApiError, OSError) as error:  # a volume or table that has been dropped may come back
            log.warning("the trigger of job %s can't be evaluated: %s", job["job_id"], error)
            return
        with self._lock:
            if self._store.get(str(job["job_id"])) == watch:  # the job may have been changed meanwhile
                self._keep(job["job_id"], watch, seen, trigger, now)

    def _keep(self, job_id: int, watch: Watch, seen: Watch, trigger: Trigger, now: int) -> None:
        if is_due(seen, trigger, now):
            kind = "FILE_ARRIVAL" if "file_arrival" in trigger else "TABLE"
            token = f"trigger:{job_id}:{seen['runs']}"
            self._start_run(job_id, Start(token=token, trigger=kind, trigger_values=reference_values(seen, trigger)))
            seen = fired(seen, now)
        if seen != watch:
            self._store.put(str(job_id), seen)
