"""E-mails about a job's runs. A local workspace sends none: each is a file that a mail program opens.

Who gets which: the SDK's `JobEmailNotifications` and `JobNotificationSettings`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Literal

from local_workspace.engines.jobs.documents import Settings
from local_workspace.engines.jobs.run_documents import Run
from local_workspace.engines.jobs.states import shown_state
from local_workspace.runtime.home import write_atomically

Event = Literal["on_start", "on_success", "on_failure"]
_SENDER = "jobs@localhost"


@dataclass(frozen=True)
class Mail:
    """Writes the e-mails to `folder`; `settings_of` gives a job's settings, None for a job that is gone."""

    folder: Path
    settings_of: Callable[[int], Settings | None]

    def started(self, run: Run) -> None:
        """Write the e-mail to those who want to know that a run has begun."""
        self._write(run, "on_start", "started")

    def ended(self, run: Run) -> None:
        """Write the e-mail to those who want to know how a run has ended."""
        result = shown_state(run["state"])
        if result == "SUCCESS":
            self._write(run, "on_success", "succeeded")
        elif not self._is_muted(run, result):
            self._write(run, "on_failure", result.lower().replace("_", " "))

    def _is_muted(self, run: Run, result: str) -> bool:
        settings = self.settings_of(run["job_id"])
        if not settings:
            return True
        muted = settings.get("notification_settings", {})
        if result == "CANCELED":
            return muted.get("no_alert_for_canceled_runs", False)
        older = settings.get("email_notifications", {}).get("no_alert_for_skipped_runs", False)
        return result == "SKIPPED" and (older or muted.get("no_alert_for_skipped_runs", False))

    def _write(self, run: Run, event: Event, what: str) -> None:
        settings = self.settings_of(run["job_id"])
        addresses = settings.get("email_notifications", {}).get(event) if settings else None
        if not settings or not addresses:
            return
        mail = EmailMessage()
        mail["From"], mail["To"] = _SENDER, ", ".join(addresses)
        mail["Subject"] = f"Run {run['run_id']} of job '{' '.join(settings['name'].split())}' {what}"
        mail.set_content(run["state"]["state_message"] or f"The run has {what}.")
        self.folder.mkdir(exist_ok=True)
        write_atomically(self.folder / f"{run['run_id']}-{event}.eml", mail.as_bytes(policy=SMTP).decode())
