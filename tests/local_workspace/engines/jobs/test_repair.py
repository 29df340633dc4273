"""Runs that are repaired: some of their tasks run again in the same run."""

from itertools import count

import pytest
from databricks.sdk.errors import BadRequest

from job_graphs import API, condition, ended, fails, loop, results, run, shown, task, task_of, when
from job_workspace import serving
from local_workspace.engines.jobs.new_runs import Start, new_run
from local_workspace.engines.jobs.repair import Repair, begin_repair
from local_workspace.engines.jobs.settings import checked
from local_workspace.engines.jobs.states import set_state


def repair(space, run_id: int, **body: object) -> int:
    answer = space.w.api_client.do("POST", f"{API}/runs/repair", body={"run_id": run_id, **body})
    return answer["repair_id"]


def change(space, job_id: int, *tasks: dict) -> None:
    space.w.api_client.do("POST", f"{API}/update", body={"job_id": job_id, "new_settings": {"tasks": list(tasks)}})


def attempts(found: dict) -> list[tuple[str, int, str]]:
    return [(each["task_key"], each["attempt_number"], each["state"]["result_state"]) for each in found["tasks"]]


def test_failed_tasks_run_again_with_the_settings_that_the_job_has_now(space):
    found = run(space, task("a"), fails("b", "a"), task("c", "b"), task("d"))
    assert results(found) == {"a": "SUCCESS", "b": "FAILED", "c": "UPSTREAM_FAILED", "d": "SUCCESS"}
    change(space, found["job_id"], task("b", "a"))
    repair_id = repair(space, found["run_id"], rerun_all_failed_tasks=True)
    repaired = ended(space, found["run_id"])
    assert repaired["state"]["result_state"] == "SUCCESS"
    assert attempts(repaired) == [*attempts(found), ("b", 1, "SUCCESS"), ("c", 1, "SUCCESS")]
    assert repaired["start_time"] == found["start_time"] and repaired["end_time"] > found["end_time"]
    original, first = shown(space, found["run_id"], include_history=True)["repair_history"]
    assert (original["type"], first["type"], first["id"]) == ("ORIGINAL", "REPAIR", repair_id)
    assert original["state"]["result_state"] == "FAILED" and original["end_time"] == found["end_time"]
    assert first["state"]["result_state"] == "SUCCESS" and first["end_time"] == repaired["end_time"]
    assert first["task_run_ids"] == [each["run_id"] for each in repaired["tasks"][4:]]
    assert "repair_history" not in repaired


def test_each_repair_names_the_one_before(space):
    found = run(space, fails("a", max_retries=1))
    for wrong in (
        {"rerun_tasks": ["a"], "latest_repair_id": 1},
        {},
        {"rerun_tasks": ["a"], "rerun_all_failed_tasks": True},
    ):
        with pytest.raises(BadRequest, match=r"latest_repair_id|either rerun_tasks"):
            repair(space, found["run_id"], **wrong)
    first = repair(space, found["run_id"], rerun_tasks=["a"])
    ended(space, found["run_id"])
    with pytest.raises(BadRequest, match=f"latest repair of run {found['run_id']}: {first}"):
        repair(space, found["run_id"], rerun_tasks=["a"])
    repair(space, found["run_id"], rerun_tasks=["a"], latest_repair_id=first)
    assert [number for _, number, _ in attempts(ended(space, found["run_id"]))] == [0, 1, 2, 3, 4, 5]


def test_the_tasks_that_depend_on_a_repaired_one_run_again_on_request(space):
    found = run(space, task("a"), task("b", "a"), task("c", "b"), task("d"))
    repair(space, found["run_id"], rerun_tasks=["b"], rerun_dependent_tasks=True)
    repaired = ended(space, found["run_id"])
    assert [key for key, number, _ in attempts(repaired) if number] == ["b", "c"]


def test_a_repair_sees_new_parameters_its_number_and_the_outcomes_of_before(space):
    found = run(
        space,
        condition("first", "{{job.parameters.day}}", "EQUAL_TO", "1"),
        task("yes", when("first", "true")),
        condition("again", "{{job.repair_count}} {{job.parameters.day}}", "EQUAL_TO", "1 2", "yes"),
        parameters=[{"name": "day", "default": "1"}],
    )
    assert task_of(found, "again")["condition_task"]["outcome"] == "false"
    repair(space, found["run_id"], rerun_tasks=["yes", "again"], job_parameters={"day": "2"})
    repaired = ended(space, found["run_id"])
    assert repaired["tasks"][-1]["condition_task"]["outcome"] == "true"
    assert repaired["job_parameters"][0]["value"] == "2"


def test_what_cannot_be_repaired_is_refused(space):
    found = run(space, task("a"))
    for body, says in (
        ({"rerun_tasks": ["nobody"]}, "has no task nobody"),
        ({"rerun_all_failed_tasks": True}, "has no task that failed"),
        ({"rerun_tasks": ["a"], "python_params": ["x"]}, "python_params"),
    ):
        with pytest.raises(BadRequest, match=says):
            repair(space, found["run_id"], **body)
    space.w.api_client.do(
        "POST", f"{API}/reset", body={"job_id": found["job_id"], "new_settings": {"tasks": [task("b")]}}
    )
    with pytest.raises(BadRequest, match="no longer has the task a"):
        repair(space, found["run_id"], rerun_tasks=["a"])
    assert attempts(shown(space, found["run_id"])) == attempts(found)


def test_a_repaired_loop_repeats_the_iterations_that_failed(space):
    each = condition("each", "{{input}}", "LESS_THAN", "{{job.parameters.limit}}")
    limit = [{"name": "limit", "default": "3"}]
    found = run(space, task("loop", **loop('[1, "many", 2]', each)), parameters=limit)
    before = shown(space, found["tasks"][0]["run_id"])["iterations"]
    assert [iteration["state"]["result_state"] for iteration in before] == ["SUCCESS", "FAILED", "SUCCESS"]
    change(space, found["job_id"], task("loop", **loop("[1, 7, 2]", each)))
    repair(space, found["run_id"], rerun_all_failed_tasks=True)
    repaired = ended(space, found["run_id"])
    assert repaired["state"]["result_state"] == "SUCCESS"
    after = shown(space, repaired["tasks"][1]["run_id"])["iterations"]
    assert [(iteration["attempt_number"], iteration["condition_task"]["outcome"]) for iteration in after] == [
        (0, "true"),
        (1, "false"),
        (0, "true"),
    ]
    assert [iteration["end_time"] for iteration in after[::2]] == [iteration["end_time"] for iteration in before[::2]]
    assert repaired["tasks"][1]["for_each_task"]["stats"]["task_run_stats"]["succeeded_iterations"] == 3
    assert shown(space, found["tasks"][0]["run_id"])["iterations"] == before
    latest = shown(space, found["run_id"], include_history="true")["repair_history"][-1]["id"]
    repair(space, found["run_id"], rerun_tasks=["loop"], latest_repair_id=latest)
    repeated = shown(space, ended(space, found["run_id"])["tasks"][2]["run_id"])["iterations"]
    assert [iteration["attempt_number"] for iteration in repeated] == [1, 2, 1]


def test_a_repaired_run_survives_a_restart(tmp_path):
    with serving(tmp_path / "home") as space:
        found = run(space, fails("a"))
        repair(space, found["run_id"], rerun_tasks=["a"])
        before = ended(space, found["run_id"])
        history = shown(space, found["run_id"], include_history=True)["repair_history"]
    with serving(tmp_path / "home") as space:
        after = shown(space, found["run_id"], include_history=True)
        assert (after["tasks"], after["repair_history"]) == (before["tasks"], history)
        repair(space, found["run_id"], rerun_tasks=["a"], latest_repair_id=history[-1]["id"])
        assert len(ended(space, found["run_id"])["tasks"]) == 3


def test_an_error_of_the_workspace_fails_the_task_and_not_the_workspace(space):
    found = run(space, task("a"), task("b", "a"))
    values = space.home.runs / str(found["run_id"]) / "values"
    values.mkdir()
    (values / "a.json").write_text("damaged")
    repair(space, found["run_id"], rerun_tasks=["b"])
    assert "a.json is damaged" in ended(space, found["run_id"])["state"]["state_message"]


def test_a_repair_takes_the_environments_and_limits_that_the_job_has_now():
    environments = [{"environment_key": "e", "spec": {"environment_version": "4", "dependencies": ["tabulate"]}}]
    settings = checked({"tasks": [task("a")], "environments": environments, "timeout_seconds": 9})
    ids = count(1)
    job_before = {"job_id": 1, "created_time": 0, "settings": checked({"tasks": [task("a")]})}
    repaired = new_run(job_before, Start(), 1, ids.__next__)
    set_state(repaired, "TERMINATED", "SUCCESS")
    begin_repair(repaired, ["a"], settings, Repair(["a"]), ids.__next__)
    assert (repaired["environments"], repaired["limits"]["timeout_seconds"]) == (environments, 9)
    assert repaired["state"]["life_cycle_state"] == "PENDING"
