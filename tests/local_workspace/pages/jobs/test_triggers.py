"""Schedules and triggers in words."""

import pytest

from local_workspace.pages.jobs.triggers import is_paused, trigger_words, with_pause


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0/3 * * * ?", "Every 3 minutes"),
        ("0 */5 * * * ?", "Every 5 minutes"),
        ("0 5/10 * * * ?", "Every 10 minutes from minute 5"),
        ("0 30 * * * ?", "Every hour at minute 30"),
        ("0 5 7 * * ?", "Every day at 07:05 (UTC)"),
        ("0 5 7 ? * MON", "0 5 7 ? * MON (UTC)"),
        ("0 0 12 1 * ?", "0 0 12 1 * ? (UTC)"),
        ("0 0 12 * * ? 2027", "0 0 12 * * ? 2027 (UTC)"),
        ("* * * * * ?", "* * * * * ? (UTC)"),
    ],
)
def test_a_schedule_is_in_words_where_it_is_simple(expression, words):
    schedule = {"quartz_cron_expression": expression, "timezone_id": "UTC"}
    assert trigger_words({"schedule": schedule}) == words


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({"periodic": {"interval": 1, "unit": "HOURS"}}, "Every hour"),
        ({"periodic": {"interval": 2, "unit": "DAYS"}}, "Every 2 days"),
        ({"file_arrival": {"url": "/Volumes/a/b/c/"}}, "File arrival in /Volumes/a/b/c/"),
        ({"table_update": {"table_names": ["a.b.c"]}}, "Update of a.b.c"),
        ({"table_update": {"table_names": ["x", "y"], "condition": "ALL_UPDATED"}}, "Update of all of x, y"),
        ({"table_update": {"table_names": ["x", "y"]}}, "Update of any of x, y"),
    ],
)
def test_a_trigger_is_in_words(trigger, words):
    assert trigger_words({"trigger": trigger}) == words


def test_a_job_without_either_has_no_words_and_nothing_to_pause():
    assert (trigger_words({}), is_paused({}), with_pause({}, "PAUSED")) == ("", False, {})


def test_a_pause_keeps_the_rest():
    trigger = {"periodic": {"interval": 1, "unit": "HOURS"}}
    paused = with_pause({"trigger": trigger}, "PAUSED")
    assert paused == {"trigger": {**trigger, "pause_status": "PAUSED"}} and is_paused(paused)
