"""The bodies of requests about runs of jobs."""

from typing import Annotated, cast

from pydantic import Field

from local_workspace.engines.jobs.documents import SentSettings
from local_workspace.http.bodies import Body, Text
from local_workspace.routes.job_bodies import JobEnvironment, Parameters, Permitted, Queue, Seconds, Task


class RunNow(Body):
    """A run to start."""

    job_id: int
    job_parameters: Parameters | None = None
    notebook_params: Parameters | None = None
    idempotency_token: Annotated[Text, Field(max_length=64)] | None = None
    queue: Queue | None = None
    only: list[Text] | None = None


class Submit(Permitted):
    """A run without a job: its tasks, and the settings that a job would have."""

    run_name: Annotated[Text, Field(max_length=4096)] | None = None
    tasks: Annotated[list[Task], Field(max_length=1000)] | None = None
    environments: Annotated[list[JobEnvironment], Field(max_length=100)] | None = None
    queue: Queue | None = None
    timeout_seconds: Seconds | None = None
    idempotency_token: Annotated[Text, Field(max_length=64)] | None = None

    def settings(self) -> SentSettings:
        """What the client sent, as the settings of a job."""
        sent = {name: value for name, value in self.sent().items() if name not in ("run_name", "idempotency_token")}
        return cast("SentSettings", sent | ({"name": self.run_name} if self.run_name else {}))


class Repair(Body):
    """Tasks to run again in a run that has ended."""

    run_id: int
    rerun_tasks: list[Text] | None = None
    rerun_all_failed_tasks: bool | None = None
    rerun_dependent_tasks: bool | None = None
    latest_repair_id: int | None = None
    job_parameters: Parameters | None = None
    notebook_params: Parameters | None = None


class OneJob(Body):
    """The job that a request is about."""

    job_id: int


class CancelAll(Body):
    """The job whose runs to cancel, or with `all_queued_runs` those that wait, of one job or of all."""

    job_id: int | None = None
    all_queued_runs: bool | None = None


class OneRun(Body):
    """The run that a request is about."""

    run_id: int
