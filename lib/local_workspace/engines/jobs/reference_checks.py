"""Which references a task's settings may contain."""

from dataclasses import dataclass, field

from local_workspace.engines.jobs.references import MOMENTS, found_in
from local_workspace.runtime.errors import invalid

_TIME = (*MOMENTS, "timestamp_ms", "is_weekday")
KNOWN = frozenset(
    (
        "job.id",
        "job.name",
        "job.run_id",
        "job.repair_count",
        "job.trigger.type",
        "job.trigger.file_arrival.location",
        "task.name",
        "task.run_id",
        "task.execution_count",
        "task.notebook_path",
        *(f"job.start_time.{name}" for name in _TIME),
        *(f"job.trigger.time.{name}" for name in _TIME),
    )
)
OF_OTHER_TASKS = ("run_id", "result_state", "error_code", "execution_count", "notebook_path")
_FORMER = ("job_id", "run_id", "parent_run_id", "task_key", "task_retry_count", "start_date", "start_time")
_REFUSED = {
    "backfill.": "a local workspace runs no backfills; use a job parameter, and give it a value for each run",
    "workspace.": "put the value into a job parameter",
}


@dataclass(frozen=True)
class Known:
    """What a task can refer to: the job's parameters, the tasks before it, and `input` within an iteration."""

    parameters: set[str] = field(default_factory=set)
    upstream: set[str] = field(default_factory=set)
    input: bool = False

    def check(self, value: object, place: str) -> None:
        """Raise ApiError 400 for an invalid reference in a text, or in the texts of a list or object."""
        if isinstance(value, dict):
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            self.check(item, place)
        for reference in found_in(value) if isinstance(value, str) else ():
            if problem := self.problem(reference):
                raise invalid(f"{place}: {problem}")

    def problem(self, reference: str) -> str | None:
        """A sentence on what is wrong with a reference; None if it is valid."""
        shown = f"{{{{{reference}}}}}"
        for prefix, reason in _REFUSED.items():
            if reference.startswith(prefix):
                return f"{shown} is not supported in a local workspace: {reason}."
        if reference.startswith("job.parameters."):
            name = reference.removeprefix("job.parameters.")
            return None if name in self.parameters else f"the job defines no parameter {name!r}."
        if reference == "input" or reference.startswith("input."):
            return None if self.input else f"only the task of a for_each_task has {shown}."
        if reference.startswith("tasks."):
            return self._problem_of_other(reference, shown)
        if reference in KNOWN or reference in _FORMER or reference.startswith("job.trigger.table_update."):
            return None
        return f"a local workspace does not know {shown}; it knows {', '.join(sorted(KNOWN))} and job.parameters."

    def _problem_of_other(self, reference: str, shown: str) -> str | None:
        _, key, field_name = [*reference.split(".", 2), ""][:3]
        if key not in self.upstream:
            return f"{shown} is about a task that does not run before this one; add {key!r} to depends_on."
        if field_name in OF_OTHER_TASKS or field_name.removeprefix("values.") not in ("", field_name):
            return None
        return f"a local workspace does not know {shown}; it knows {', '.join(OF_OTHER_TASKS)} and values.<key>."
