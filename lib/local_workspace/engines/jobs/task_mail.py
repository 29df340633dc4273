"""E-mails about tasks. Who gets which: the SDK's `TaskEmailNotifications` and `TaskNotificationSettings`."""

from dataclasses import dataclass

from local_workspace.engines.jobs.mail import Event, Mail, in_words, is_muted
from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import shown_state

_NO_FAILURE = ("EXCLUDED", "DISABLED")  # these count as successful, and nothing has succeeded
_SKIPPED = ("UPSTREAM_FAILED", "UPSTREAM_CANCELED")  # their termination code is SKIPPED


@dataclass(frozen=True)
class TaskMail:
    """Writes the e-mails about the tasks of `run`, each attempt's on its own."""

    mail: Mail
    run: Run

    def started(self, task: TaskRun, is_retry: bool) -> None:
        """Write the e-mail to those who want to know that an attempt has begun."""
        if not (is_retry and _on_last_attempt(task)):
            self._about(task, "on_start", "started")

    def ended(self, task: TaskRun, is_retried: bool = False) -> None:
        """Write the e-mail to those who want to know how an attempt has ended; `is_retried` if there is another."""
        result = shown_state(task["state"])
        if result == "SUCCESS":
            self._about(task, "on_success", "succeeded")
        elif result not in _NO_FAILURE and not (is_retried and _on_last_attempt(task)) and not _is_muted(task, result):
            self._about(task, "on_failure", in_words(result))

    def _about(self, task: TaskRun, event: Event, what: str) -> None:
        if addresses := task.get("email_notifications", {}).get(event):
            of_run = f"run {self.run['run_id']} of job '{self.run['run_name']}'"
            text = task["state"]["state_message"] or f"The task has {what}."
            subject = f"Task '{task['task_key']}' in {of_run} {what}"
            self.mail.write(f"{task['run_id']}-{event}", addresses, subject, text)


def _on_last_attempt(task: TaskRun) -> bool:
    return task.get("notification_settings", {}).get("alert_on_last_attempt", False)


def _is_muted(task: TaskRun, result: str) -> bool:
    kind = "SKIPPED" if result in _SKIPPED else result
    return is_muted(task.get("email_notifications", {}), task.get("notification_settings", {}), kind)
