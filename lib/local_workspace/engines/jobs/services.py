"""What an execution of a run uses."""

from collections.abc import Callable
from dataclasses import dataclass

from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.run_job import Jobs
from local_workspace.engines.jobs.tasks import TaskRunner


@dataclass(frozen=True)
class Services:
    """The history of runs, the runner of leaf tasks, the jobs for run_job_tasks, and the source of ids."""

    history: History
    runner: TaskRunner
    jobs: Jobs
    next_id: Callable[[], int]
