"""E-mails about runs: who gets one for which end, as files."""

import email
import email.policy
from pathlib import Path

import pytest
from databricks.sdk.errors import BadRequest
from databricks.sdk.service.jobs import ConditionTask, ConditionTaskOp, JobEmailNotifications, Task

from local_workspace.engines.jobs.mail import Mail
from waiting import eventually

EVERYONE = {"on_start": ["begin@example.com"], "on_success": ["good@example.com"], "on_failure": ["bad@example.com"]}


def received(folder: Path) -> list[tuple[str, str]]:
    mails = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted(folder.glob("*.eml"))
    ]
    return [(mail["To"], mail["Subject"]) for mail in mails]


@pytest.mark.parametrize(
    ("result", "settings", "to"),
    [
        ("SUCCESS", {}, ["good@example.com"]),
        ("FAILED", {}, ["bad@example.com"]),
        ("TIMEDOUT", {}, ["bad@example.com"]),
        ("CANCELED", {}, ["bad@example.com"]),
        ("CANCELED", {"no_alert_for_canceled_runs": True}, []),
        ("SKIPPED", {}, ["bad@example.com"]),
        ("SKIPPED", {"no_alert_for_skipped_runs": True}, []),
    ],
)
def test_who_gets_an_email_when_a_run_ends(tmp_path, result, settings, to):
    job = {"name": "Night\nly", "email_notifications": EVERYONE, "notification_settings": settings}
    state = {"life_cycle_state": "SKIPPED" if result == "SKIPPED" else "TERMINATED", "state_message": "It rained."}
    if result != "SKIPPED":
        state["result_state"] = result
    Mail(tmp_path / "mail", {1: job}.get).ended({"run_id": 7, "job_id": 1, "state": state})
    found = received(tmp_path / "mail")
    assert [address for address, _ in found] == to
    what = "succeeded" if result == "SUCCESS" else result.lower()
    assert all(subject == f"Run 7 of job 'Night ly' {what}" for _, subject in found)


def test_a_job_that_is_gone_or_names_nobody_gets_none(tmp_path):
    run = {"run_id": 7, "job_id": 1, "state": {"life_cycle_state": "TERMINATED", "state_message": ""}}
    Mail(tmp_path / "mail", {}.get).ended(run)
    Mail(tmp_path / "mail", {1: {"name": "n"}}.get).started(run)
    assert not (tmp_path / "mail").exists()


def test_a_run_writes_its_emails(space):
    task = Task("t", condition_task=ConditionTask(op=ConditionTaskOp.EQUAL_TO, left="1", right="1"))
    notifications = JobEmailNotifications.from_dict(EVERYONE)
    job = space.w.jobs.create(name="Mails", tasks=[task], email_notifications=notifications).job_id
    run = space.w.jobs.run_now(job).run_id
    both = [
        ("good@example.com", f"Run {run} of job 'Mails' succeeded"),
        ("begin@example.com", f"Run {run} of job 'Mails' started"),
    ]
    eventually(lambda: sorted(received(space.home.root / "mail")), lambda found: found == sorted(both))


def test_an_address_is_one_and_runs_without_a_job_have_none(space):
    with pytest.raises(BadRequest, match="email_notifications.on_start.0"):
        space.w.jobs.create(name="n", tasks=[], email_notifications=JobEmailNotifications(on_start=["a@b\nTo: c@d"]))
    task = {"task_key": "t", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
    sent = {"tasks": [task], "email_notifications": EVERYONE}
    with pytest.raises(BadRequest, match="runs of jobs only"):
        space.w.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=sent)


def test_a_run_goes_on_without_the_email_that_can_not_be_written(tmp_path):
    (tmp_path / "mail").write_text("not a folder")
    Mail(tmp_path / "mail", lambda _: None).write("1-on_start", ["begin@example.com"], "Run 1", "It has begun.")
    assert (tmp_path / "mail").read_text() == "not a folder"
