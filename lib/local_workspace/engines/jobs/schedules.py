"""The clocks of jobs: which job starts when."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from local_workspace.engines.jobs.documents import Job
from local_workspace.engines.jobs.settings import clock_of

LOOK_SECONDS = 30.0
_SET_SECONDS = 1.0  # a clock that is off by less is slewed, not set


class Schedules:
    """Calls `fire` with the id of a job whenever its schedule or periodic trigger is due by the clock `wall`.

    The scheduler sleeps until the next job is due. If the clock is set meanwhile, or the laptop sleeps, that is found
    out within LOOK_SECONDS.
    """

    def __init__(self, fire: Callable[[int], None], wall: Callable[[], float] = time.time) -> None:
        self._fire, self._wall, self._stopped = fire, wall, threading.Event()
        # A run that is late, because the laptop slept, still starts; if it was due several times, it starts once.
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )

    def start(self) -> None:
        """Begin to fire."""
        self._scheduler.start()
        threading.Thread(target=self._watch_clock, name="clock", daemon=True).start()

    def stop(self) -> None:
        """Fire no more; has no effect before the start."""
        self._stopped.set()
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

    def _watch_clock(self) -> None:
        ahead = self._wall() - time.monotonic()
        while not self._stopped.wait(LOOK_SECONDS):
            before, ahead = ahead, self._wall() - time.monotonic()
            if abs(ahead - before) > _SET_SECONDS:
                self._look_again()

    def _look_again(self) -> None:
        """Fire what is due by now, and have no job wait for a time that it has waited for already."""
        now = datetime.fromtimestamp(self._wall(), UTC)
        for job in self._scheduler.get_jobs():
            due = _next_time(job.trigger, now)
            if due and due < job.next_run_time:
                self._scheduler.modify_job(job.id, next_run_time=due)
        self._scheduler.wakeup()


def _next_time(trigger: CronTrigger | IntervalTrigger, now: datetime) -> datetime | None:
    """When a trigger fires next; an interval counts from now, as it may have begun at a time that comes again."""
    if isinstance(trigger, IntervalTrigger):
        return now + trigger.interval  # type: ignore[no-any-return]  # APScheduler has no types
    return trigger.get_next_fire_time(None, now)  # type: ignore[no-any-return]
