"""E-mails about tasks: who gets one for which end of which attempt, as files."""

import pytest
from databricks.sdk.errors import BadRequest

from job_graphs import API, fails, job, loop, run, shown, task, task_of
from local_workspace.engines.jobs.mail import Mail
from local_workspace.engines.jobs.task_mail import TaskMail

EVERYONE = {"on_start": ["begin@example.com"], "on_success": ["good@example.com"], "on_failure": ["bad@example.com"]}


def written(folder) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.eml"))


def of_run(space, found: dict) -> list[str]:
    """The e-mails about the attempts of a run's tasks, as `KEY ATTEMPT EVENT`."""
    names = {str(each["run_id"]): f"{each['task_key']} {each['attempt_number']}" for each in found["tasks"]}
    stems = [stem.partition("-") for stem in written(space.home.root / "mail")]
    return sorted(f"{names[run_id]} {event}" for run_id, _, event in stems if run_id in names)


@pytest.mark.parametrize(
    ("result", "settings", "events"),
    [
        ("SUCCESS", {}, ["on_success"]),
        ("FAILED", {}, ["on_failure"]),
        ("TIMEDOUT", {}, ["on_failure"]),
        ("CANCELED", {}, ["on_failure"]),
        ("CANCELED", {"no_alert_for_canceled_runs": True}, []),
        ("UPSTREAM_FAILED", {}, ["on_failure"]),
        ("UPSTREAM_FAILED", {"no_alert_for_skipped_runs": True}, []),
        ("UPSTREAM_CANCELED", {"no_alert_for_skipped_runs": True}, []),
        ("EXCLUDED", {}, []),
        ("DISABLED", {}, []),
    ],
)
def test_who_gets_an_email_when_a_task_ends(tmp_path, result, settings, events):
    state = {"life_cycle_state": "TERMINATED", "state_message": "", "result_state": result}
    ended = {"task_key": "t", "run_id": 8, "state": state, "email_notifications": EVERYONE}
    mail = TaskMail(Mail(tmp_path / "mail", {}.get), {"run_id": 7, "run_name": "Night\nly"})
    mail.ended(ended | {"notification_settings": settings})
    assert written(tmp_path / "mail") == [f"8-{event}" for event in events]
    for path in (tmp_path / "mail").glob("*.eml"):
        assert "Subject: Task 't' in run 7 of job 'Night ly'" in path.read_text()


def test_each_attempt_of_a_task_has_its_emails(space):
    found = run(space, fails("t", max_retries=1, email_notifications=EVERYONE), task("u", "t"))
    assert of_run(space, found) == ["t 0 on_failure", "t 0 on_start", "t 1 on_failure", "t 1 on_start"]


def test_the_last_attempt_alone_has_emails_on_request(space):
    settings = {"email_notifications": EVERYONE, "notification_settings": {"alert_on_last_attempt": True}}
    found = run(space, fails("t", max_retries=2, **settings))
    assert of_run(space, found) == ["t 0 on_start", "t 2 on_failure"]


def test_a_run_that_is_cancelled_has_no_further_attempt(space):
    settings = {"email_notifications": EVERYONE, "notification_settings": {"alert_on_last_attempt": True}}
    sent = fails("t", max_retries=-1, min_retry_interval_millis=600_000, **settings)
    run_id = space.w.jobs.run_now(job(space, sent)).run_id
    space.w.jobs.cancel_run(run_id)
    space.end_of(run_id)
    (attempt,) = shown(space, run_id)["tasks"]
    assert "t 0 on_failure" in of_run(space, {"tasks": [attempt]})


def test_a_task_that_is_skipped_has_an_email_unless_it_is_muted(space):
    muted = {"no_alert_for_skipped_runs": True}
    found = run(
        space,
        fails("t"),
        task("u", "t", email_notifications=EVERYONE),
        task("v", "t", email_notifications=EVERYONE, notification_settings=muted),
        task("w", "t", email_notifications=EVERYONE | muted),
    )
    assert of_run(space, found) == ["u 0 on_failure"]


def test_each_iteration_has_its_emails(space):
    found = run(space, task("t", **loop([1, 2], task("n", email_notifications=EVERYONE))))
    run_id = task_of(found, "t")["run_id"]
    iterations = shown(space, run_id)["iterations"]
    assert of_run(space, {"tasks": iterations}) == ["n 0 on_start", "n 0 on_start", "n 0 on_success", "n 0 on_success"]


def test_a_submitted_runs_task_has_its_emails(space):
    body = {"tasks": [task("t", email_notifications=EVERYONE)]}
    run_id = space.w.api_client.do("POST", f"{API}/runs/submit", body=body)["run_id"]
    space.end_of(run_id)
    assert of_run(space, shown(space, run_id)) == ["t 0 on_start", "t 0 on_success"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"email_notifications": {"on_start": ["nobody"]}}, "email_notifications.on_start.0"),
        ({"email_notifications": {"on_streaming_backlog_exceeded": ["a@b"]}}, "t.email_notifications.on_streaming"),
        ({"notification_settings": {"alert_on_first_attempt": True}}, "t.notification_settings.alert_on_first"),
        ({"notification_settings": {"alert_on_last_attempt": "often"}}, "alert_on_last_attempt"),
        ({"webhook_notifications": {"on_start": [{"id": "x"}]}}, "t.webhook_notifications"),
    ],
)
def test_what_is_not_written_is_refused(space, settings, named):
    with pytest.raises(BadRequest, match=named):
        job(space, task("t", **settings))
