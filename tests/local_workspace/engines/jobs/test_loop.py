"""For_each_tasks: their elements, iterations and statistics."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound

from job_graphs import condition, fails, job, loop, results, run, shown, task, task_of
from job_workspace import serving
from local_workspace.engines.jobs.states import set_state


def test_a_loop_runs_its_task_for_each_element(space):
    each = condition("each", "{{input.size}} {{ input.deep.a }}", "EQUAL_TO", "2 x")
    inputs = [{"size": 1, "deep": {"a": "x"}}, {"size": 2, "deep": {"a": "x"}}]
    found = run(space, task("loop", **loop(inputs, each, concurrency=2)), task("after", "loop"))
    assert results(found) == {"loop": "SUCCESS", "after": "SUCCESS"}
    stats = task_of(found, "loop")["for_each_task"]["stats"]["task_run_stats"]
    assert (stats["total_iterations"], stats["succeeded_iterations"], stats["active_iterations"]) == (2, 2, 0)
    of_loop = shown(space, task_of(found, "loop")["run_id"])
    assert [each["condition_task"]["outcome"] for each in of_loop["iterations"]] == ["false", "true"]
    assert of_loop["tasks"][0]["task_key"] == "loop"
    assert shown(space, of_loop["iterations"][1]["run_id"])["tasks"][0]["task_key"] == "each"


def test_the_elements_may_come_from_a_parameter_and_an_iteration_that_fails_stops_no_other(space):
    each = condition("each", "{{input}}", "LESS_THAN", "10")
    found = run(
        space,
        task("loop", **loop("{{job.parameters.sizes}}", each)),
        parameters=[{"name": "sizes", "default": '["few", 3, "many", "few"]'}],
    )
    assert results(found) == {"loop": "FAILED"}
    stats = task_of(found, "loop")["for_each_task"]["stats"]
    assert stats["task_run_stats"]["failed_iterations"] == 3 and stats["task_run_stats"]["succeeded_iterations"] == 1
    assert stats["error_message_stats"][0]["count"] == 2 and "'few'" in stats["error_message_stats"][0]["error_message"]
    assert "3 of 4 iterations failed" in found["state"]["state_message"]


def test_an_iteration_is_tried_again_as_its_task_says(space):
    found = run(space, task("loop", **loop(["x"], fails("each", max_retries=1))))
    attempts = shown(space, found["tasks"][0]["run_id"])["iterations"]
    assert [attempt["attempt_number"] for attempt in attempts] == [0, 1]


@pytest.mark.parametrize(
    ("inputs", "says"), [('{"a": 1}', "must be a JSON array"), ("{{job.parameters.p}}", "JSON array")]
)
def test_only_an_array_can_be_looped_over(space, inputs, says):
    tasks = [task("loop", **loop(inputs, task("each")))]
    if "{{" not in inputs:
        with pytest.raises(BadRequest, match=says):
            job(space, *tasks)
    else:
        found = run(space, *tasks, parameters=[{"name": "p", "default": "no array"}])
        assert says in task_of(found, "loop")["state"]["state_message"]


def test_an_empty_array_is_no_failure(space):
    assert results(run(space, task("loop", **loop([], fails("each"))), task("after", "loop")))["after"] == "SUCCESS"


def test_a_loop_over_the_values_of_a_notebook_runs_a_notebook_for_each(space):
    first = space.upload("/Users/values/first.ipynb", "dbutils.jobs.taskValues.set('cities', ['Chicago', 'Bellevue'])")
    each = space.upload("/Users/values/each.ipynb", "dbutils.notebook.exit(dbutils.widgets.get('city'))")
    nested = task("each", notebook_task={"notebook_path": each, "base_parameters": {"city": "{{input}}"}})
    found = run(
        space,
        task("first", notebook_task={"notebook_path": first}),
        task("loop", "first", **loop("{{tasks.first.values.cities}}", nested, concurrency=2)),
        condition("missing", "{{tasks.first.values.brands}}", "EQUAL_TO", "x", "first"),
    )
    assert results(found) == {"first": "SUCCESS", "loop": "SUCCESS", "missing": "FAILED"}
    assert "no value for tasks.first.values.brands" in task_of(found, "missing")["state"]["state_message"]
    iterations = shown(space, task_of(found, "loop")["run_id"])["iterations"]
    outputs = [space.w.jobs.get_run_output(iteration["run_id"]).notebook_output.result for iteration in iterations]
    assert outputs == ["Chicago", "Bellevue"]
    resolved = shown(space, iterations[1]["run_id"], include_resolved_values="true")["tasks"][0]["resolved_values"]
    assert resolved == {"notebook_task": {"base_parameters": {"city": "Bellevue"}}}


def test_iterations_that_a_dead_workspace_left_active_are_interrupted(tmp_path):
    with serving(tmp_path / "home") as space:
        found = run(space, task("loop", **loop([1, 2], fails("each"))))
        first, second = shown(space, found["tasks"][0]["run_id"])["iterations"]
        left = space.store.get("job_run", str(found["run_id"]))
        for doc in (left, left["tasks"][0], iteration := space.store.get("job_iteration", str(second["run_id"]))):
            set_state(doc, "RUNNING")
        space.store.put("job_run", str(found["run_id"]), left)
        space.store.put("job_iteration", str(second["run_id"]), iteration)
    with serving(tmp_path / "home") as space:
        after = shown(space, found["tasks"][0]["run_id"])["iterations"]
        assert after[0] == first
        assert after[1]["state"]["life_cycle_state"] == "INTERNAL_ERROR"
        assert "Interrupted" in after[1]["state"]["state_message"]
        space.w.jobs.delete_run(found["run_id"])
        with pytest.raises(NotFound):
            space.w.jobs.get_run(second["run_id"])
        assert space.store.list("job_iteration") == []
