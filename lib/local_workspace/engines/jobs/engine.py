"""The jobs engine: jobs and their schedules, runs through the dispatcher."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from local_workspace.engines.jobs.calls import check_calls
from local_workspace.engines.jobs.dispatcher import Dispatcher
from local_workspace.engines.jobs.documents import Job, SentSettings, Settings
from local_workspace.engines.jobs.history import SUBMITTED, History, RunFilter
from local_workspace.engines.jobs.mail import Mail
from local_workspace.engines.jobs.new_runs import Start
from local_workspace.engines.jobs.outputs import exported, of_one_task, output
from local_workspace.engines.jobs.process_tasks import ProcessTasks, SparkVariables
from local_workspace.engines.jobs.repair import Repair
from local_workspace.engines.jobs.run_documents import Output, Run, TaskRun, View
from local_workspace.engines.jobs.schedules import Schedules
from local_workspace.engines.jobs.services import Services
from local_workspace.engines.jobs.settings import checked, merged
from local_workspace.engines.jobs.sources import Sources
from local_workspace.engines.jobs.sql_tasks import SqlServices, SqlTasks
from local_workspace.engines.jobs.states import is_active
from local_workspace.engines.jobs.tasks import Pipelines, TaskRunner
from local_workspace.engines.jobs.views import of_task, settings_of
from local_workspace.engines.jobs.watch import Watch
from local_workspace.engines.jobs.watches import Watches
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

KIND = "job"


class JobsEngine:
    """Jobs with tasks, parameters, a schedule and a queue. Job and run documents have the shape of Jobs API 2.2.

    `unsupported` lists the settings that have an effect, those that are only stored, and those that are refused.
    `notebook_env` returns the environment variables of a notebook's process; it is called for each run. `sources` are
    what triggers watch, `sql` what SQL tasks use, `spark` the variables for Spark while a task runs. While there is too
    little `space`, runs of schedules and triggers wait and others are refused.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        processes: Processes,
        files: WorkspaceFiles,
        pipelines: Pipelines,
        notebook_env: Callable[[], dict[str, str]],
        sources: Sources,
        sql: SqlServices,
        space: FreeSpace,
        spark: SparkVariables = lambda: nullcontext({}),
    ) -> None:
        self._store, self._jobs = store, Documents[Job](store, KIND)
        self._history, self._notebook_env = History(home, store), notebook_env
        in_processes = ProcessTasks(home, processes, files, notebook_env, sources.folder, spark)
        self._runner = TaskRunner(home, in_processes, SqlTasks(sql, files), pipelines, space)
        mail = Mail(home.root / "mail", self._settings_of)
        self._dispatcher = Dispatcher(Services(self._history, self._runner, self, store.next_id, mail, space))
        self._schedules = Schedules(self._fire)
        self._lock = threading.RLock()
        self._watches = Watches(store, sources, self.start_run, self._lock)

    def start(self) -> None:
        """Mark the runs that a dead daemon left active as interrupted, and resume the schedules of all jobs."""
        jobs = {job["job_id"]: job for job in self._jobs.list()}
        for run in self._history.of_job():
            if run["job_id"] not in jobs and run["run_type"] != SUBMITTED:
                self._history.forget(run["run_id"])
        self._dispatcher.recover()
        for job in jobs.values():
            self._schedules.put(job)
        self._schedules.start()

    def stop(self) -> None:
        """End the schedules and all runs with their notebooks."""
        self._schedules.stop()
        self._dispatcher.stop()

    def create(self, settings: SentSettings) -> int:
        """Create a job and return its id. Raises ApiError 400 for invalid or unsupported settings."""
        job_id = self._store.next_id()
        self._save({"job_id": job_id, "created_time": now_ms(), "settings": checked(settings)})
        return job_id

    def get(self, job_id: int) -> Job:
        """The job of that id. Raises 404."""
        job = self._jobs.get(str(job_id))
        if job is None:
            raise not_found(f"Job {job_id} does not exist.")
        return job

    def check(self, job_id: int) -> None:
        """Raise 404 unless there is a job or a submitted run of that job id."""
        if not self._history.page(RunFilter(job_id, run_type=SUBMITTED), 0, 1, tasks=False):
            self.get(job_id)

    def find(self, name: str | None = None) -> list[Job]:
        """All jobs, newest first, or those of that name (case doesn't count)."""
        jobs = reversed(self._jobs.list())
        return [job for job in jobs if name is None or job["settings"]["name"].lower() == name.lower()]

    def reset(self, job_id: int, settings: SentSettings) -> None:
        """Replace all settings of a job; runs that are active keep theirs. Raises 400, 404."""
        with self._lock:
            self._save({**self.get(job_id), "settings": checked(settings)})

    def update(self, job_id: int, changes: SentSettings, remove: list[str]) -> None:
        """Change some settings of a job and remove others. Raises 400, 404."""
        with self._lock:
            job = self.get(job_id)
            self._save({**job, "settings": checked(merged(job["settings"], changes, remove))})

    def delete(self, job_id: int) -> None:
        """Remove a job: its schedule, its active runs, its history and executed notebooks. Raises 404."""
        with self._lock:
            self.get(job_id)
            self._schedules.remove(job_id)
            self._watches.remove(job_id)
            self._jobs.delete(str(job_id))
        self._dispatcher.cancel_job(job_id)
        for run in self._history.of_job(job_id):
            self._history.forget(run["run_id"])

    def start_run(self, job_id: int, start: Start) -> Run:
        """Create a run and return it: it starts, waits or is skipped. Raises 400, 404, 507."""
        with self._lock:
            return self._shown(self._dispatcher.submit(self.get(job_id), start))

    def submit_run(self, settings: SentSettings, start: Start) -> Run:
        """Run tasks once, without a job; `settings` are those of a job. Raises 400, 507."""
        if not settings.get("tasks"):
            raise invalid("A run has at least one task; give it in `tasks`.")
        if settings.get("email_notifications"):
            raise invalid(
                "email_notifications: a local workspace writes e-mails about runs of jobs only; leave it out."
            )
        job_id = self._store.next_id()
        job: Job = {"job_id": job_id, "created_time": now_ms(), "settings": checked(settings)}
        return self._shown(self._dispatcher.submit(job, replace(start, run_type=SUBMITTED)))

    def run(self, run_id: int) -> Run:
        """The run of that id; for the run id of a task its attempt, with a for_each_task's iterations. Raises 404."""
        if found := self._history.task(run_id):
            return self._shown(of_task(*found, self._history.iterations.of_task(run_id)))
        return self._shown(self._history.get(run_id))

    def when_ended(self, run_id: int, callback: Callable[[], None]) -> None:
        """Call `callback` once a run has ended; at once if it has. Raises 404."""
        self._dispatcher.when_ended(run_id, callback)

    def runs(self, wanted: RunFilter) -> list[Run]:
        """The runs that match the filter, newest first."""
        return [self._shown(run) for run in self._history.find(wanted)]

    def page_of_runs(self, wanted: RunFilter, skip: int, most: int, tasks: bool = True) -> list[Run]:
        """Up to `most` of the runs that match the filter, newest first, without the first `skip`.

        Their `tasks` are left empty on request, which is faster.
        """
        return [self._shown(run) for run in self._history.page(wanted, skip, most, tasks)]

    def recent_runs(self, most: int) -> dict[int, list[Run]]:
        """The newest runs of each job by its id, up to `most`, without their tasks; newest first."""
        return self._history.recent(most)

    def repair(self, run_id: int, repair: Repair) -> int:
        """Run some tasks of a run that has ended again; returns the id of the repair. Raises 400, 404, 507."""
        with self._lock:
            run = self._history.get(run_id)
            return self._dispatcher.repair(run_id, repair, self._settings_of(run["job_id"]) or settings_of(run))

    def output(self, run_id: int) -> Output:
        """The output of the task run of that id: its text or its error. Raises 404; 400 for the id of a job run."""
        run, task = self._task(run_id)
        return output(run, task, self._runner.outcome(run, task), self._url(run))

    def log(self, run_id: int) -> str:
        """What the process of the active task run of that id has printed: the last part. Raises 400, 404."""
        _, task = self._task(run_id)
        return self._runner.processes.log(task)

    def update_of(self, run_id: int) -> str | None:
        """The pipeline update that the task run of that id has made, once it has ended. Raises 400, 404."""
        return self._runner.outcome(*self._task(run_id)).get("update_id")

    def export(self, run_id: int, template: str = "lab") -> list[View]:
        """The notebook that the task run of that id has executed, as HTML by nbconvert's template. Raises 400, 404."""
        run, task = self._task(run_id)
        return exported(task, self._runner.run_files.file(run, task, ".ipynb"), template)

    def next_run(self, job_id: int) -> datetime | None:
        """When the job's schedule starts its next run; None without a schedule or while it is paused."""
        return None if self._watches.get(job_id) else self._schedules.next_run(job_id)

    def watch(self, job_id: int) -> Watch | None:
        """What the job's trigger has seen; None if it watches neither files nor tables."""
        return self._watches.get(job_id)

    def cancel(self, run_id: int) -> None:
        """Request the end of a run, or of one of its tasks, without waiting for it. Raises 404."""
        self._dispatcher.cancel(run_id)

    def cancel_all(self, job_id: int) -> None:
        """End all runs of a job and wait for them. Raises 404."""
        self.get(job_id)
        self._dispatcher.cancel_job(job_id)

    def cancel_queued(self, job_id: int | None) -> None:
        """End all runs that wait in the queue, of one job or of all. Raises 404."""
        if job_id is not None:
            self.get(job_id)
        self._dispatcher.cancel_queued(job_id)

    def delete_run(self, run_id: int) -> None:
        """Delete a run that has ended. Raises 404; 400 if it is active."""
        if is_active(self._history.get(run_id)):
            raise invalid(f"Run {run_id} is active; cancel it first.")
        self._history.forget(run_id)

    def _fire(self, job_id: int) -> None:
        if self._watches.get(job_id):
            self._watches.look(self.get(job_id))
        else:
            self.start_run(job_id, Start(trigger="PERIODIC"))

    def _save(self, job: Job) -> None:
        check_calls(job["job_id"], job["settings"], self._settings_of)
        self._watches.put(job)
        self._jobs.put(str(job["job_id"]), job)
        self._schedules.put(job)

    def _settings_of(self, job_id: int) -> Settings | None:
        job = self._jobs.get(str(job_id))
        return job["settings"] if job else None

    def _task(self, run_id: int) -> tuple[Run, TaskRun]:
        if found := self._history.task(run_id):
            return found
        self._history.get(run_id)
        raise of_one_task()

    def _shown(self, run: Run) -> Run:
        run["run_page_url"] = self._url(run)
        return run

    def _url(self, run: Run) -> str:
        host = self._notebook_env().get("DATABRICKS_HOST", "")
        return f"{host}/jobs/{run['job_id']}/runs/{run['run_id']}"
