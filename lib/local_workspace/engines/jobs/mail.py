"""E-mails about runs of jobs. A local workspace sends none: each is a file that a mail program opens.

Who gets which: the SDK's `JobEmailNotifications` and `JobNotificationSettings`; `task_mail` has those about tasks.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Literal

from local_workspace.engines.jobs.documents import EmailNotifications, NotificationSettings, Settings
from local_workspace.engines.jobs.run_documents import Run
from local_workspace.engines.jobs.states import shown_state
from local_workspace.runtime.home import write_atomically

log = logging.getLogger(__name__)
Event = Literal["on_start", "on_success", "on_failure"]
_SENDER = "jobs@localhost"


@dataclass(frozen=True)
class Mail:
    """Writes the e-mails to `folder`; `settings_of` gives a job's settings, None for a job that is gone."""

    folder: Path
    settings_of: Callable[[int], Settings | None]

    def started(self, run: Run) -> None:
        """Write the e-mail to those who want to know that a run has begun."""
        self._about(run, "on_start", "started")

    def ended(self, run: Run) -> None:
        """Write the e-mail to those who want to know how a run has ended."""
        result = shown_state(run["state"])
        if result == "SUCCESS":
            self._about(run, "on_success", "succeeded")
        elif not self._is_muted(run, result):
            self._about(run, "on_failure", in_words(result))

    def write(self, name: str, addresses: Sequence[str], subject: str, text: str) -> None:
        """Write the e-mail `name`, in place of an earlier one of that name."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = _SENDER, ", ".join(addresses), " ".join(subject.split())
        mail.set_content(text)
        try:
            self.folder.mkdir(exist_ok=True)
            write_atomically(self.folder / f"{name}.eml", mail.as_bytes(policy=SMTP).decode())
        except OSError:  # such as a full disk; the run goes on without its e-mail
            log.exception("the e-mail %s can't be written", name)

    def _is_muted(self, run: Run, result: str) -> bool:
        settings = self.settings_of(run["job_id"])
        return not settings or is_muted(
            settings.get("email_notifications", {}), settings.get("notification_settings", {}), result
        )

    def _about(self, run: Run, event: Event, what: str) -> None:
        settings = self.settings_of(run["job_id"])
        addresses = settings.get("email_notifications", {}).get(event) if settings else None
        if settings and addresses:
            subject = f"Run {run['run_id']} of job '{settings['name']}' {what}"
            text = run["state"]["state_message"] or f"The run has {what}."
            self.write(f"{run['run_id']}-{event}", addresses, subject, text)


def is_muted(emails: EmailNotifications, settings: NotificationSettings, result: str) -> bool:
    """Whether nobody gets the e-mail about an unsuccessful `result`: CANCELED, SKIPPED, or another."""
    if result == "CANCELED":
        return settings.get("no_alert_for_canceled_runs", False)
    older = emails.get("no_alert_for_skipped_runs", False)
    return result == "SKIPPED" and (older or settings.get("no_alert_for_skipped_runs", False))


def in_words(result: str) -> str:
    """A result as a sentence has it."""
    return result.lower().replace("_", " ")
