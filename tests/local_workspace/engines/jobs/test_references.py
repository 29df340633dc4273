"""What references stand for, and which of them a task may contain."""

import json

import pytest

from local_workspace.engines.jobs.reference_checks import KNOWN, Known
from local_workspace.engines.jobs.references import found_in, resolved, values
from local_workspace.engines.jobs.states import set_state
from local_workspace.runtime.errors import ApiError

# Saturday 2024-01-06, 09:05:07 UTC
MOMENT = 1_704_531_907_000


def task(key: str, result: str = "", attempt: int = 0, **more: object) -> dict:
    doc = {"task_key": key, "run_id": 100 + attempt, "attempt_number": attempt, "start_time": 0, **more}
    set_state(doc, "TERMINATED" if result else "RUNNING", result)
    return doc


def run(*tasks: dict, **more: object) -> dict:
    return {
        "job_id": 7,
        "run_id": 8,
        "run_name": "Replay",
        "start_time": MOMENT,
        "trigger": "PERIODIC",
        "job_parameters": [{"name": "day", "default": "1", "value": "{{job.start_time.iso_date}}"}],
        "overriding_parameters": {},
        "tasks": list(tasks),
        **more,
    }


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("job.id", "7"),
        ("job.name", "Replay"),
        ("job.run_id", "8"),
        ("job.repair_count", "0"),
        ("job.trigger.type", "periodic"),
        ("job.start_time.iso_date", "2024-01-06"),
        ("job.start_time.iso_datetime", "2024-01-06T09:05:07"),
        ("job.start_time.iso_weekday", "6"),
        ("job.start_time.is_weekday", "false"),
        ("job.start_time.year", "2024"),
        ("job.start_time.month", "1"),
        ("job.start_time.day", "6"),
        ("job.start_time.hour", "9"),
        ("job.start_time.minute", "5"),
        ("job.start_time.second", "7"),
        ("job.start_time.timestamp_ms", str(MOMENT)),
        ("job.trigger.time.iso_datetime", "2024-01-06T09:05:00"),
        ("job.parameters.day", "2024-01-06"),
        ("task.name", "t"),
        ("task.run_id", "102"),
        ("task.execution_count", "3"),
        ("task.notebook_path", "/etl/load"),
        ("tasks.a.run_id", "101"),
        ("tasks.a.result_state", "timedout"),
        ("tasks.a.error_code", "Canceled"),
        ("tasks.a.execution_count", "2"),
        ("tasks.a.values.rows", "[1, 2]"),
        ("tasks.a.values.ok", "true"),
        ("tasks.a.values.name", "x"),
        ("tasks.b.error_code", ""),
        ("tasks.`b`.result_state", "success"),
    ],
)
def test_a_reference_stands_for_its_value(reference, value):
    left = {"a": {"rows": [1, 2], "ok": True, "name": "x"}}
    current = task("t", attempt=2, notebook_task={"notebook_path": "/etl/load"})
    others = (task("a", "FAILED"), task("a", "TIMEDOUT", attempt=1), task("b", "SUCCESS"))
    known = values(current, run(*others, schedule={}), lambda key: left.get(key, {}))
    assert resolved(f"<{{{{ {reference} }}}}>", known) == f"<{value}>"


def test_the_repairs_of_a_run_are_counted():
    assert values(task("t"), run(repair_history=[{}, {}, {}]))["job.repair_count"] == "2"


def test_a_task_that_has_not_ended_has_no_result():
    assert "tasks.a.result_state" not in values(task("t"), run(task("a")))


@pytest.mark.parametrize(("value", "shown"), [("x", "x"), (1.5, "1.5"), (True, "true"), (None, "null"), ([1], "[1]")])
def test_the_input_of_an_iteration_is_text(value, shown):
    assert values(task("t", input=json.dumps(value)), run())["input"] == shown


def test_the_keys_of_an_input_have_references_of_their_own():
    known = values(task("t", input='{"city": "Chicago", "at": {"lat": 1}}'), run())
    assert resolved("{{input.city}} {{input.at.lat}} {{input.at}}", known) == 'Chicago 1 {"lat": 1}'
    assert resolved("{{input.brand}}", known) == "{{input.brand}}"


def test_backticks_or_brackets_around_a_name_are_no_part_of_it():
    assert found_in("{{tasks.`my-task`.values.x}} and {{ job.id }}") == ["tasks.my-task.values.x", "job.id"]
    assert resolved("{{job.parameters.[day]}}", {"job.parameters.day": "1"}) == "1"


@pytest.mark.parametrize(
    "reference", [*sorted(KNOWN), "job.parameters.p", "tasks.a.values.x", "tasks.a.result_state", "run_id"]
)
def test_what_is_known_may_be_referred_to(reference):
    assert Known({"p"}, {"a"}).problem(reference) is None


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("backfill.iso_datetime", "backfill.iso_datetime}} is not supported in a local workspace: .*no backfills"),
        ("workspace.url", "workspace.url}} is not supported"),
        ("job.parameters.q", "no parameter 'q'"),
        ("job.notebook_url", "does not know {{job.notebook_url}}"),
        ("tasks.b.run_id", "add 'b' to depends_on"),
        ("tasks.a", "it knows run_id, "),
        ("tasks.a.output.rows", "it knows run_id, "),
        ("tasks.a.values", "it knows run_id, "),
        ("tasks.a.values.", "it knows run_id, "),
        ("input.city", "only the task of a for_each_task"),
    ],
)
def test_any_other_reference_is_refused_by_name(reference, says):
    with pytest.raises(ApiError, match=says) as refused:
        Known({"p"}, {"a"}).check({"deep": [f"{{{{{reference}}}}}"]}, "Task 't'")
    assert refused.value.message.startswith("Task 't': ")
