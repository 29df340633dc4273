"""What an execution of a run uses."""

from collections.abc import Callable
from dataclasses import dataclass

from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.mail import Mail
from local_workspace.engines.jobs.run_job import Jobs
from local_workspace.engines.jobs.tasks import TaskRunner


@dataclass(frozen=True)
class Services:
    """The history of runs, the runner of leaf tasks, the jobs for run_job_tasks, the source of ids, and the e-mails."""

    history: History
    runner: TaskRunner
    jobs: Jobs
    next_id: Callable[[], int]
    mail: Mail
