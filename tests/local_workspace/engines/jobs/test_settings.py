"""A job's settings: what is refused, and how an update merges."""

import pytest

from local_workspace.engines.jobs import settings
from local_workspace.engines.jobs.limits import check_notebook_params
from local_workspace.engines.jobs.new_runs import Start, new_run
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
        ({"tasks": [task("a", run_if="SOMETIMES")]}, "Task 'a': run_if"),
        ({"tasks": [task("a"), task("a")]}, "same task_key"),
        ({"tasks": [task("a", "b", "c"), task("b")]}, "'a' depends on c,"),
        ({"tasks": [task("a", "b"), task("b", "a")]}, "in a circle: "),
        ({"tasks": [task("a", "a")]}, "in a circle: a -> a"),
        ({"schedule": {"quartz_cron_expression": "0 0 0 30 2 ?", "timezone_id": "UTC"}}, "never comes due"),
        ({"max_concurrent_runs": 0}, "max_concurrent_runs"),
        ({"name": "é" * 2049}, "at most 4096 bytes"),
        ({"description": "x" * 27_701}, "at most 27,700 characters"),
        ({"tags": {str(number): "" for number in range(26)}}, "at most 25 tags"),
        ({"parameters": [{"name": "day of week", "default": ""}]}, "the name 'day of week'"),
        ({"parameters": [{"name": "jour_férié", "default": ""}]}, "the name 'jour_férié'"),
        ({"parameters": [{"name": "day", "default": each} for each in "12"]}, "'day' is there twice"),
        ({"job_clusters": [{"job_cluster_key": "k"}, {"job_cluster_key": "k"}]}, "'k' is there twice"),
        ({"tasks": [task("a", job_cluster_key="k")]}, "Task 'a': job_clusters has no cluster 'k'; it has none"),
        ({"tasks": [{"task_key": "a", "for_each_task": {"inputs": "[" * 100_000, "task": task("b")}}]}, "JSON array"),
    ],
)
def test_settings_that_cannot_run_are_refused_by_name(sent, message):
    with pytest.raises(ApiError, match=message) as refused:
        settings.checked(sent)
    assert refused.value.status == 400


def test_the_parameters_of_notebooks_have_at_most_ten_thousand_bytes_as_json():
    check_notebook_params({"day": "x" * 9968})
    job = {"job_id": 1, "created_time": 0, "settings": settings.checked({})}
    with pytest.raises(ApiError, match="notebook_params have 10,001 bytes as JSON"):
        new_run(job, Start(notebook_params={"day": "x" * 9969}), 1, lambda: 2)


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


def test_entries_of_tasks_and_clusters_can_be_removed_by_their_key():
    clusters = [{"job_cluster_key": "x"}, {"job_cluster_key": "y"}]
    before = {"name": "x", "tasks": [task("a"), task("b")], "job_clusters": clusters}
    changed = settings.merged(before, {"job_clusters": [{"job_cluster_key": "z"}]}, ["tasks/a", "job_clusters/y"])
    assert changed["tasks"] == [task("b")]
    assert changed["job_clusters"] == [{"job_cluster_key": "x"}, {"job_cluster_key": "z"}]
    assert settings.merged(before, {}, ["tasks/nobody", "schedule"]) == before
    with pytest.raises(ApiError, match="parameters/day can't be removed; only entries of tasks, job_clusters can"):
        settings.merged(before, {}, ["parameters/day"])


def test_a_field_that_is_removed_and_set_has_what_was_set_alone():
    assert settings.merged({"name": "x", "tasks": [task("a")]}, {"tasks": [task("b")]}, ["tasks"]) == {
        "name": "x",
        "tasks": [task("b")],
    }
