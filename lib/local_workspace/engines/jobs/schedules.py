"""The clocks of jobs: which job starts when."""

from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from local_workspace.engines.jobs.documents import Job
from local_workspace.engines.jobs.settings import clock_of


class Schedules:
    """Calls `fire` with the id of a job whenever its schedule or periodic trigger is due."""

    def __init__(self, fire: Callable[[int], None]) -> None:
        self._fire = fire
        # A run that is late, because the laptop slept, still starts; if it was due several times, it starts once.
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )

    def start(self) -> None:
        """Begin to fire."""
        self._scheduler.start()

    def stop(self) -> None:
        """Fire no more; has no effect before the start."""
        if self._scheduler.running:
            self._scheduler.shutdown()

    def put(self, job: Job) -> None:
        """Follow the settings of a job, which may be without a clock, or paused."""
        clock = clock_of(job["settings"])
        if clock is None:
            self.remove(job["job_id"])
        else:
            self._scheduler.add_job(self._fire, clock, (job["job_id"],), id=str(job["job_id"]), replace_existing=True)

    def remove(self, job_id: int) -> None:
        """Forget a job; has no effect on one without a clock."""
        if self._scheduler.get_job(str(job_id)):
            self._scheduler.remove_job(str(job_id))

    def next_run(self, job_id: int) -> datetime | None:
        """When the job is due next; None without a clock."""
        scheduled = self._scheduler.get_job(str(job_id))
        moment: datetime | None = scheduled.next_run_time if scheduled else None
        return moment
