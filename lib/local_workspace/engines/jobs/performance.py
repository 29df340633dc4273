"""One attempt of a task: its references are replaced, then it is done."""

from dataclasses import dataclass, replace

from local_workspace.engines.jobs import comparison, references
from local_workspace.engines.jobs.attempts import Attempts
from local_workspace.engines.jobs.control_checks import elements
from local_workspace.engines.jobs.documents import ForEachStats
from local_workspace.engines.jobs.journal import IterationJournal, Journal
from local_workspace.engines.jobs.loop import Loop
from local_workspace.engines.jobs.parameters import missing_values, resolved_task, resolved_values
from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.engines.jobs.run_job import run_job
from local_workspace.engines.jobs.services import Services
from local_workspace.engines.jobs.task_mail import TaskMail
from local_workspace.runtime.cancellation import Cancellation


@dataclass(frozen=True)
class Performance:
    """Does attempts of tasks of one run; `single` has the cancellations of the attempts that run."""

    run_id: int
    services: Services
    journal: Journal
    single: dict[int, Cancellation]

    def __call__(self, task: TaskRun, cancellation: Cancellation) -> Outcome:
        """Do `task` once, to its end or until it is canceled. Errors become the outcome's `error`."""
        try:
            return self._perform(task, cancellation)
        except Exception as error:  # a thread's boundary: any error ends this attempt, not the daemon
            return {"error": str(error), "error_trace": ""}

    def _perform(self, task: TaskRun, cancellation: Cancellation) -> Outcome:
        run = self.services.history.get(self.run_id)
        files = self.services.runner.run_files
        known = references.values(task, run, lambda key: files.values(run, key))
        if missing := missing_values(task, known):
            return {"error": f"There is no value for {', '.join(missing)}.", "error_trace": ""}
        ready = resolved_task(task, run, known)
        self.journal.change(task, lambda doc: doc.update({"resolved_values": resolved_values(ready)}))
        return self._do(task, ready, run, cancellation)

    def _do(self, task: TaskRun, ready: TaskRun, run: Run, cancellation: Cancellation) -> Outcome:
        """Do what `ready`, which is `task` without references, says."""
        if "condition_task" in ready:
            return self._compare(task, ready)
        if "for_each_task" in ready:
            return self._loop(task, ready, run, cancellation)
        if "run_job_task" in ready:
            return run_job(ready, run, self.services.jobs, cancellation, lambda child: self._triggered(task, child))
        return self.services.runner.run(run, ready, cancellation, lambda message: self._report(task, message))

    def _compare(self, task: TaskRun, ready: TaskRun) -> Outcome:
        outcome = comparison.outcome(ready["condition_task"])
        self.journal.change(task, lambda doc: doc["condition_task"].update({"outcome": outcome}))
        return {}

    def _loop(self, task: TaskRun, ready: TaskRun, run: Run, cancellation: Cancellation) -> Outcome:
        journal = IterationJournal(self.services.history.iterations, self.services.space)
        perform, mail = replace(self, journal=journal), TaskMail(self.services.mail, run)
        attempts = Attempts(journal, mail, perform, self.services.new_id, cancellation, self.single)

        def report(stats: ForEachStats) -> None:
            self.journal.change(task, lambda doc: doc["for_each_task"].update({"stats": stats}))

        inputs = elements(ready["for_each_task"]["inputs"], "inputs")
        before = _attempt_before(task, run)
        found = self.services.history.iterations.of_task(before["run_id"]) if before else []
        earlier = {iteration["iteration"]: iteration for iteration in found}
        return Loop(task, self.run_id, attempts, report, before, earlier).run(inputs)

    def _report(self, task: TaskRun, message: str) -> None:
        self.journal.change(task, lambda doc: doc["state"].update({"state_message": message}))

    def _triggered(self, task: TaskRun, run_id: int) -> None:
        self.journal.change(task, lambda doc: doc.update({"triggered_run_id": run_id}))


def _attempt_before(task: TaskRun, run: Run) -> TaskRun | None:
    """The attempt of a task before this one, a retry's or a repair's; None for the first."""
    own = [other for other in run["tasks"] if other["task_key"] == task["task_key"]]
    return next((other for other in reversed(own) if other["attempt_number"] < task["attempt_number"]), None)
