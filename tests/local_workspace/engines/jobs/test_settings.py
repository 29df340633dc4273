"""A job's settings: what is refused, how an update merges, and which parameters a task gets."""

import pytest

from local_workspace.engines.jobs import references, settings
from local_workspace.runtime.errors import ApiError


def task(key: str, *needed: str, **more: object) -> dict:
    depends_on = [{"task_key": each} for each in needed]
    return {"task_key": key, "depends_on": depends_on, "notebook_task": {"notebook_path": "/n"}, **more}


def test_what_a_request_leaves_out_has_a_default():
    assert settings.checked({"tasks": [task("a")], "timeout_seconds": 9}) == {
        "name": "Untitled",
        "format": "MULTI_TASK",
        "max_concurrent_runs": 1,
        "timeout_seconds": 9,
        "tasks": [task("a")],
    }


def test_tasks_may_be_listed_before_those_that_they_depend_on():
    tasks = [task("c", "a", "b"), task("b", "a"), task("a")]
    assert settings.checked({"tasks": tasks})["tasks"] == tasks


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"tasks": [task("two words")]}, "task_key 'two words'"),
        ({"tasks": [task("")]}, "task_key ''"),
        ({"tasks": [task("k" * 101)]}, "1 to 100"),
        ({"tasks": [{"task_key": "a"}]}, "Task 'a' must have exactly one of"),
        ({"tasks": [task("a", pipeline_task={"pipeline_id": "p"})]}, "Task 'a' must have exactly one of"),
        ({"tasks": [task("a", run_if="AT_LEAST_ONE_SUCCESS")]}, "Task 'a': run_if"),
        ({"tasks": [task("a"), task("a")]}, "same task_key"),
        ({"tasks": [task("a", "b", "c"), task("b")]}, "'a' depends on c,"),
        ({"tasks": [task("a", "b"), task("b", "a")]}, "in a circle: "),
        ({"tasks": [task("a", "a")]}, "in a circle: a -> a"),
        ({"schedule": {"quartz_cron_expression": "0 0 0 30 2 ?", "timezone_id": "UTC"}}, "never comes due"),
        ({"max_concurrent_runs": 0}, "max_concurrent_runs"),
    ],
)
def test_settings_that_cannot_run_are_refused_by_name(sent, message):
    with pytest.raises(ApiError, match=message) as refused:
        settings.checked(sent)
    assert refused.value.status == 400


def test_a_reference_to_a_parameter_that_the_job_lacks_is_refused():
    referring = task("a", notebook_task={"notebook_path": "/n", "base_parameters": {"DAY": "{{ job.parameters.day }}"}})
    with pytest.raises(ApiError, match="Task 'a', parameter 'DAY': the job defines no parameter 'day'"):
        settings.checked({"tasks": [referring], "parameters": [{"name": "days", "default": "1"}]})
    assert settings.checked({"tasks": [referring], "parameters": [{"name": "day", "default": "1"}]})


def test_an_update_merges_by_key_and_keeps_the_order():
    before = {"name": "x", "tasks": [task("a"), task("b")], "parameters": [{"name": "p", "default": "1"}]}
    changed = settings.merged(before, {"tasks": [task("a", "b"), task("c")]}, [])
    assert changed == {**before, "tasks": [task("a", "b"), task("b"), task("c")]}
    assert before["tasks"] == [task("a"), task("b")]
    changed = settings.merged(before, {"parameters": [{"name": "p", "default": "2"}], "name": "y"}, ["tasks"])
    assert changed == {"name": "y", "parameters": [{"name": "p", "default": "2"}]}


def test_a_field_that_is_removed_and_set_has_what_was_set_alone():
    assert settings.merged({"name": "x", "tasks": [task("a")]}, {"tasks": [task("b")]}, ["tasks"]) == {
        "name": "x",
        "tasks": [task("b")],
    }


def test_job_parameters_keep_their_default_beside_the_value():
    job = {"name": "x", "parameters": [{"name": "p", "default": "1"}, {"name": "q", "default": "2"}]}
    assert settings.job_parameters(job, {"q": "3"}) == [
        {"name": "p", "default": "1", "value": "1"},
        {"name": "q", "default": "2", "value": "3"},
    ]
    with pytest.raises(ApiError, match="'x' has no parameter r, s; it has p, q"):
        settings.job_parameters(job, {"s": "1", "q": "1", "r": "1"})
    with pytest.raises(ApiError, match="it has none"):
        settings.job_parameters({"name": "x"}, {"r": "1"})


def test_a_tasks_parameters_are_resolved_and_the_jobs_win():
    text = "{{job.name}}/{{ job.parameters.day }}/{{task.name}}/{{job.run_id}}"
    run = {
        "job_id": 7,
        "run_id": 8,
        "run_name": "Replay",
        "start_time": 0,
        "trigger": "ONE_TIME",
        "overriding_parameters": {"b": "of the run"},
        "job_parameters": [{"name": "day", "value": "70"}, {"name": "c", "value": "of the job"}],
    }
    base = {"a": text, "b": "own", "c": "own", "d": "{{tasks.x.values.y}} {{ unknown }}", "e": 5}
    attempt = {"task_key": "t", "run_id": 9, "attempt_number": 0, "notebook_task": {"base_parameters": base}}
    assert settings.task_parameters(attempt, run) == {
        "a": "Replay/70/t/8",
        "b": "of the run",
        "c": "of the job",
        "d": "{{tasks.x.values.y}} {{ unknown }}",
        "e": "5",
        "day": "70",
    }


def test_a_value_that_looks_like_a_reference_is_not_resolved_again():
    assert references.resolved("{{a}}", {"a": "{{b}}", "b": "x"}) == "{{b}}"
