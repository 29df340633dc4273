"""Tasks that decide which others run: conditions, loops, other jobs, and tasks that are disabled or cancelled."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound

from job_graphs import API, condition, ended, fails, job, loop, results, run, shown, task, task_of, when
from job_workspace import serving
from local_workspace.engines.jobs.states import set_state
from waiting import eventually

FAILURE = "{{tasks.load.result_state}} {{tasks.load.error_code}}"


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("control") / "home") as workspace:
        yield workspace


def test_a_condition_chooses_a_branch_and_excludes_the_other(space):
    found = run(
        space,
        condition("many", "{{job.parameters.rows}}", "GREATER_THAN", "10"),
        task("yes", when("many", "true")),
        task("after_yes", "yes"),
        task("no", when("many", "false")),
        task("after_no", "no"),
        task("join", "after_yes", "after_no", run_if="NONE_FAILED"),
        task("strict", "after_yes", "after_no"),
        parameters=[{"name": "rows", "default": "12.5"}],
    )
    assert found["state"]["result_state"] == "SUCCESS"
    assert task_of(found, "many")["condition_task"]["outcome"] == "true"
    assert results(found) == {
        "many": "SUCCESS",
        "yes": "SUCCESS",
        "after_yes": "SUCCESS",
        "no": "EXCLUDED",
        "after_no": "EXCLUDED",
        "join": "SUCCESS",
        "strict": "EXCLUDED",
    }
    assert task_of(found, "no")["status"]["termination_details"]["code"] == "SKIPPED"


def test_a_condition_that_cannot_be_evaluated_fails(space):
    found = run(space, condition("c", "many", "LESS_THAN", "10"), task("t", when("c", "false")))
    assert results(found) == {"c": "FAILED", "t": "UPSTREAM_FAILED"}
    assert "compares numbers; 'many' is none" in found["state"]["state_message"]


def test_what_failed_is_handled_and_the_run_succeeds_with_failures(space):
    found = run(
        space,
        fails("load"),
        task("clean_up", "load", run_if="AT_LEAST_ONE_FAILED"),
        condition(
            "why",
            "{{tasks.load.result_state}} {{tasks.load.error_code}}",
            "EQUAL_TO",
            "failed RunExecutionError",
            "clean_up",
        ),
        task("done", when("why", "true")),
    )
    assert found["state"]["result_state"] == "SUCCESS_WITH_FAILURES"
    assert results(found)["done"] == "SUCCESS"


def test_a_disabled_task_does_not_run_and_neither_do_those_that_need_it(space):
    found = run(
        space,
        task("off", disabled=True),
        task("needs_it", "off"),
        task("any", "off", run_if="ALL_DONE"),
    )
    assert results(found) == {"off": "DISABLED", "needs_it": "DISABLED", "any": "SUCCESS"}
    assert task_of(found, "off")["status"]["termination_details"]["code"] == "DISABLED"
    assert found["state"]["result_state"] == "SUCCESS"


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


def test_another_job_is_run_with_parameters_and_its_result_is_the_tasks(space):
    child = job(
        space,
        condition("c", "{{job.parameters.day}} {{job.trigger.type}}", "EQUAL_TO", "70 run_job"),
        fails("unlucky", when("c", "false")),
        parameters=[{"name": "day", "default": "1"}],
    )
    calls = {"job_id": child, "job_parameters": {"day": "{{job.parameters.d}}"}}
    found = run(space, task("call", run_job_task=calls), parameters=[{"name": "d", "default": "70"}])
    assert results(found) == {"call": "SUCCESS"}
    output = space.w.jobs.get_run_output(found["tasks"][0]["run_id"])
    triggered = shown(space, output.run_job_output.run_id)
    assert triggered["trigger"] == "RUN_JOB_TASK"
    assert triggered["trigger_info"] == {"run_id": found["tasks"][0]["run_id"]}
    assert triggered["job_parameters"][0]["value"] == "70"
    failed = run(space, task("call", run_job_task={"job_id": child}))
    assert results(failed) == {"call": "FAILED"}
    assert f"of job {child} ended FAILED: Task unlucky failed" in failed["state"]["state_message"]


def test_the_parameters_of_a_job_are_passed_to_the_jobs_that_it_runs(space):
    child = job(
        space,
        condition("c", "{{ job.parameters.[input] }}", "EQUAL_TO", "{{job.parameters.`wanted`}}"),
        parameters=[{"name": "input", "default": ""}, {"name": "wanted", "default": "of the task"}],
    )
    calls = {"job_id": child, "job_parameters": {"input": "of the task", "wanted": "Replay"}}
    passed = [{"name": "input", "default": "{{job.name}}"}, {"name": "other", "default": "x"}]
    found = run(space, task("call", run_job_task=calls), name="Replay", parameters=passed)
    called = shown(space, space.w.jobs.get_run_output(found["tasks"][0]["run_id"]).run_job_output.run_id)
    assert [item["value"] for item in called["job_parameters"]] == ["Replay", "Replay"]
    assert called["tasks"][0]["condition_task"]["outcome"] == "true"


def test_some_tasks_of_a_job_run_alone_on_request(space):
    job_id = job(space, fails("a"), task("b", "a"), task("c", "b"))
    found = ended(space, space.w.jobs.run_now(job_id, only=["b", "c"]).run_id)
    assert results(found) == {"b": "SUCCESS", "c": "SUCCESS"}
    with pytest.raises(BadRequest, match="has no task d, e"):
        space.w.jobs.run_now(job_id, only=["e", "b", "d"])


def test_a_job_and_a_run_show_a_hundred_tasks_or_iterations_at_a_time(space):
    keys = [f"t{number:03}" for number in range(101)]
    each = condition("each", "{{input}}", "LESS_THAN", "0")
    job_id = job(space, task("loop", **loop(list(range(101)), each)), *(task(key, disabled=True) for key in keys))
    assert [found.task_key for found in space.w.jobs.get(job_id).settings.tasks] == ["loop", *keys]
    first = space.w.api_client.do("GET", f"{API}/get", query={"job_id": job_id})
    assert len(first["settings"]["tasks"]) == 100 and first["has_more"]
    assert first["creator_user_name"] == first["run_as_user_name"] == "you@localhost"
    run_id = space.w.jobs.run_now(job_id).run_id
    found = ended(space, run_id)
    assert len(found["tasks"]) == 100
    rest = shown(space, run_id, page_token=found["next_page_token"])
    assert [left["task_key"] for left in rest["tasks"]] == keys[-2:] and "next_page_token" not in rest
    of_loop = space.w.jobs.get_run(found["tasks"][0]["run_id"])
    assert [iteration.condition_task.outcome for iteration in of_loop.iterations] == ["false"] * 101
    (listed,) = space.w.api_client.do("GET", f"{API}/runs/list", query={"job_id": job_id, "expand_tasks": "true"})[
        "runs"
    ]
    assert len(listed["tasks"]) == 100 and listed["has_more"]


def test_a_job_that_is_missing_or_lacks_a_parameter_fails_the_task(space):
    found = run(space, task("call", run_job_task={"job_id": 1}))
    assert "Job 1 does not exist" in found["state"]["state_message"]
    child = job(space, task("t"))
    found = run(space, task("call", run_job_task={"job_id": child, "job_parameters": {"x": "1"}}))
    assert "has no parameter x" in found["state"]["state_message"]


def test_jobs_that_would_run_each_other_are_refused(space):
    first = job(space, task("t"))
    second = job(space, task("t", run_job_task={"job_id": first}))
    for called in (first, second):
        body = {"job_id": first, "new_settings": {"tasks": [task("t", run_job_task={"job_id": called})]}}
        with pytest.raises(BadRequest, match="would start itself"):
            space.w.api_client.do("POST", f"{API}/update", body=body)


def test_no_more_than_three_jobs_are_run_inside_each_other(space):
    jobs = [job(space, task("t"))]
    for _ in range(4):
        jobs.append(job(space, task("t", run_job_task={"job_id": jobs[-1]})))
    assert ended(space, space.w.jobs.run_now(jobs[3]).run_id)["state"]["result_state"] == "SUCCESS"
    found = ended(space, space.w.jobs.run_now(jobs[4]).run_id)
    assert "more than 3 run_job_tasks inside each other" in found["state"]["state_message"]


FOREVER = "import threading\nthreading.Event().wait(600)"


def test_cancelling_a_run_cancels_the_job_that_its_task_runs(space):
    path = space.upload("/Users/forever/nb.ipynb", FOREVER)
    child = job(space, task("waits", notebook_task={"notebook_path": path}))
    parent = space.w.jobs.run_now(job(space, task("call", run_job_task={"job_id": child}))).run_id
    called = eventually(lambda: list(space.w.jobs.list_runs(job_id=child, active_only=True)))[0].run_id
    space.w.jobs.cancel_run(parent)
    assert ended(space, parent)["state"]["result_state"] == "CANCELED"
    assert shown(space, called)["state"]["result_state"] == "CANCELED"


def test_a_task_is_cancelled_by_its_run_id_and_others_go_on(space):
    path = space.upload("/Users/single/nb.ipynb", FOREVER)
    job_id = job(
        space,
        task("waits", notebook_task={"notebook_path": path}),
        task("after", "waits"),
        task("clean_up", "waits", run_if="AT_LEAST_ONE_FAILED"),
    )
    run_id = space.w.jobs.run_now(job_id).run_id
    waits = eventually(
        lambda: shown(space, run_id)["tasks"][0], lambda found: found["state"]["life_cycle_state"] == "RUNNING"
    )
    assert shown(space, run_id)["tasks"][1]["state"]["life_cycle_state"] == "BLOCKED"
    space.w.jobs.cancel_run(waits["run_id"])
    assert results(ended(space, run_id)) == {"waits": "CANCELED", "after": "UPSTREAM_CANCELED", "clean_up": "SUCCESS"}


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
