"""What an execution of a run uses."""

from collections.abc import Callable
from dataclasses import dataclass

from local_workspace.engines.jobs.history import History
from local_workspace.engines.jobs.mail import Mail
from local_workspace.engines.jobs.run_job import Jobs
from local_workspace.engines.jobs.tasks import TaskRunner
from local_workspace.runtime.free_space import FreeSpace


@dataclass(frozen=True)
class Services:
    """The history, the runner of leaf tasks, the jobs for run_job_tasks, the source of ids, e-mails, and the disk."""

    history: History
    runner: TaskRunner
    jobs: Jobs
    next_id: Callable[[], int]
    mail: Mail
    space: FreeSpace

    def new_id(self) -> int:
        """The next id, once the disk takes the note that it is used."""
        return self.space.keep_trying(self.next_id)
