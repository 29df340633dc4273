"""E-mails about a job's runs. A local workspace sends none: each is a file that a mail program opens.

Who gets which: the SDK's `JobEmailNotifications` and `JobNotificationSettings`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from local_workspace.engines.jobs.documents import Settings
from local_workspace.engines.jobs.run_documents import Run
from local_workspace.runtime.home import write_atomically

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
        result = run["state"].get("result_state") or run["state"]["life_cycle_state"]
        event = "on_success" if result == "SUCCESS" else "on_failure"
        if not self._is_muted(run, result):
            self._write(run, event, result.lower().replace("_", " "))

    def _is_muted(self, run: Run, result: str) -> bool:
        settings = self.settings_of(run["job_id"]) or {}
        muted = settings.get("notification_settings", {})
        skipped = muted.get("no_alert_for_skipped_runs") or settings.get("email_notifications", {}).get(
            "no_alert_for_skipped_runs"
        )
        return bool(
            (result == "SKIPPED" and skipped) or (result == "CANCELED" and muted.get("no_alert_for_canceled_runs"))
        )

    def _write(self, run: Run, event: str, what: str) -> None:
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
