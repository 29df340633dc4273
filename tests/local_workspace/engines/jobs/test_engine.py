import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, OperationFailed
from databricks.sdk.service.jobs import (
    CronSchedule,
    JobParameterDefinition,
    JobSettings,
    NotebookTask,
    PauseStatus,
    PipelineTask,
    QueueSettings,
    RunIf,
    RunType,
    Task,
    TaskDependency,
)

import job_workspace
from job_workspace import TOKEN, serving
from local_workspace.engines.jobs import history
from waiting import eventually, has_ended

QUEUE = QueueSettings(enabled=True)
EVERY_SECOND = CronSchedule("* * * * * ?", "UTC")
# Tells its process id, then waits until a file `go` appears in its folder (its working directory).
WAITING_CELLS = (
    "import os, pathlib\npathlib.Path('here.tmp').write_text(str(os.getpid()))\nos.replace('here.tmp', 'here')",
    "from watchfiles import watch\nif not pathlib.Path('go').exists():\n"
    "    next(changes for changes in watch('.') if pathlib.Path('go').exists())",
)


class Waiting:
    """A notebook that waits, in a folder of its own."""

    def __init__(self, space, name: str) -> None:
        self.path = space.upload(f"/Users/{name}/waits.ipynb", *WAITING_CELLS)
        self.folder = space.files.resolve(f"/Users/{name}")

    def process(self) -> psutil.Process:
        """Its kernel, once it runs."""
        eventually(lambda: (self.folder / "here").exists())
        return psutil.Process(int((self.folder / "here").read_text()))

    def go(self) -> None:
        (self.folder / "go").touch()


def missing(key: str, *needs: str, run_if: RunIf | None = None) -> Task:
    """A task that fails at once: its notebook is not there."""
    return Task(
        key, notebook_task=NotebookTask("/missing"), run_if=run_if, depends_on=[TaskDependency(need) for need in needs]
    )


def update(key: str, state: str, *needs: str) -> Task:
    return Task(key, pipeline_task=PipelineTask(state), depends_on=[TaskDependency(need) for need in needs])


def results(run) -> dict[str, str]:
    return {task.task_key: task.state.result_state.value for task in run.tasks}


def test_a_notebook_gets_its_parameters_as_widgets_and_its_last_output_is_the_result(space):
    path = space.upload(
        "/Users/widgets/nb.ipynb",
        "print('working')",
        "import os\nfrom pathlib import Path\ndbutils.widgets.text('DAY', '1')\ndbutils.widgets.text('OWN', 'own')\n"
        "sorted(dbutils.widgets.getAll().items()), CITY, os.environ['DATABRICKS_TOKEN'], Path.cwd().name",
        parameters="CITY = 'of the cell'",
    )
    own = {"DAY": "70", "CITY": "lost", "OTHER": "to {{job.parameters.CITY}}"}
    defaults = [JobParameterDefinition("CITY", "Chicago"), JobParameterDefinition("RATE", "0.1")]
    job_id = space.job(path, parameters=defaults, base_parameters=own)
    run = space.w.jobs.run_now(job_id, job_parameters={"CITY": "Bellevue"}).result()
    assert run.state.result_state.value == run.status.termination_details.code.value == "SUCCESS"
    assert not run.tasks[0].state.state_message
    assert {item.name: item.value for item in run.job_parameters} == {"CITY": "Bellevue", "RATE": "0.1"}
    output = space.w.jobs.get_run_output(run.tasks[0].run_id).notebook_output
    widgets = {"CITY": "Bellevue", "DAY": "70", "OTHER": "to Bellevue", "OWN": "own", "RATE": "0.1"}
    assert ast.literal_eval(output.result) == (list(widgets.items()), "of the cell", TOKEN, "widgets")
    assert not output.truncated
    executed = nbformat.read(space.home.runs / str(run.run_id) / "only.ipynb", 4)
    assert executed.cells[1].outputs[0].text == "working\n"


def test_a_failing_notebook_says_why_and_what_depends_on_it_does_not_run(space):
    path = space.upload("/Users/failing/nb.ipynb", "print('before')", "{}['order A1B2C3']", "print('after')")
    tasks = [
        Task("breaks", notebook_task=NotebookTask(path)),
        update("never", "COMPLETED", "breaks"),
        update("beside", "COMPLETED"),
    ]
    waiter = space.w.jobs.run_now(space.w.jobs.create(name="failing", tasks=tasks).job_id)
    with pytest.raises(OperationFailed, match="Task breaks failed with message: KeyError: 'order A1B2C3'"):
        waiter.result()
    run = space.w.jobs.get_run(waiter.run_id)
    assert run.state.result_state.value == "FAILED"
    assert results(run) == {"breaks": "FAILED", "never": "UPSTREAM_FAILED", "beside": "SUCCESS"}
    output = space.w.jobs.get_run_output(run.tasks[0].run_id)
    assert output.error == "KeyError: 'order A1B2C3'"
    assert "{}['order A1B2C3']" in output.error_trace
    assert "\x1b" not in output.error_trace
    executed = nbformat.read(space.home.runs / str(run.run_id) / "breaks.ipynb", 4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output.get("text", output.output_type) for output in outputs] == ["before\n", "error"]


def test_a_kernel_that_dies_is_an_error_of_the_run(space):
    job_id = space.job(space.upload("/Users/dying/nb.ipynb", "import os\nos._exit(1)"))
    run = space.end_of(space.w.jobs.run_now(job_id).run_id)
    assert run.state.result_state.value == "FAILED"
    assert "DeadKernelError" in run.state.state_message


def test_tasks_run_in_the_order_of_their_dependencies(space):
    tasks = [
        missing("last", "middle", run_if=RunIf.ALL_DONE),
        update("middle", "COMPLETED", "first"),
        update("first", "COMPLETED"),
        update("left", "FAILED"),
        update("after_all", "COMPLETED", "left"),
    ]
    tasks[4].run_if = RunIf.ALL_DONE
    run = space.end_of(space.w.jobs.run_now(space.w.jobs.create(name="graph", tasks=tasks).job_id).run_id)
    assert results(run) == {
        "first": "SUCCESS",
        "middle": "SUCCESS",
        "last": "FAILED",
        "left": "FAILED",
        "after_all": "SUCCESS",
    }
    task = {task.task_key: task for task in run.tasks}
    assert task["first"].end_time <= task["middle"].start_time <= task["middle"].end_time <= task["last"].start_time
    assert "nothing at '/missing'" in task["last"].state.state_message
    assert "Update update-of-FAILED of pipeline FAILED: FAILED" in run.state.state_message


def test_failures_that_later_tasks_cope_with_leave_a_success(space):
    job_id = space.w.jobs.create(name="coping", tasks=[missing("a"), update("b", "COMPLETED", "a")]).job_id
    settings = space.w.jobs.get(job_id).settings
    settings.tasks[1].run_if = RunIf.ALL_DONE
    space.w.jobs.update(job_id, new_settings=JobSettings(tasks=[settings.tasks[1]]))
    assert [task.task_key for task in space.w.jobs.get(job_id).settings.tasks] == ["a", "b"]
    run = space.end_of(space.w.jobs.run_now(job_id).run_id)
    assert run.state.result_state.value == "SUCCESS_WITH_FAILURES"


def test_a_second_run_waits_in_the_queue_or_is_skipped_without_one(space):
    waiting = Waiting(space, "queue")
    job_id = space.job(waiting.path, queue=QUEUE)
    first = space.w.jobs.run_now(job_id).run_id
    waiting.process()
    second = space.w.jobs.run_now(job_id).run_id
    assert [space.state_of(first), space.state_of(second)] == ["RUNNING", "QUEUED"]
    assert [run.run_id for run in space.w.jobs.list_runs(job_id=job_id, active_only=True)] == [second, first]
    space.w.jobs.update(job_id, fields_to_remove=["queue"])
    skipped = space.w.jobs.get_run(space.w.jobs.run_now(job_id).run_id)
    assert skipped.state.life_cycle_state.value == "SKIPPED"
    assert skipped.state.result_state.value == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    waiting.go()
    assert results(space.end_of(first)) == results(space.end_of(second)) == {"only": "SUCCESS"}
    assert space.w.jobs.get_run(second).tasks[0].start_time >= space.w.jobs.get_run(first).end_time


def test_a_cancelled_run_ends_with_its_kernel(space):
    waiting = Waiting(space, "cancel")
    job_id = space.job(waiting.path, queue=QUEUE)
    running, queued = (space.w.jobs.run_now(job_id).run_id for _ in range(2))
    kernel = waiting.process()
    space.w.jobs.cancel_run(queued)
    assert space.state_of(queued) == "TERMINATED"
    run = space.w.jobs.cancel_run(running).result()
    assert (run.state.result_state.value, results(run)) == ("CANCELED", {"only": "CANCELED"})
    assert has_ended(kernel)
    space.w.jobs.cancel_run(running)
    assert list(space.home.run.glob("run-*")) == []


def test_a_run_that_takes_too_long_is_timed_out(space):
    waiting = Waiting(space, "timeout")
    run = space.end_of(space.w.jobs.run_now(space.job(waiting.path, timeout_seconds=3)).run_id)
    assert run.state.result_state.value == "TIMEDOUT"
    assert "3 s" in run.state.state_message


def test_a_schedule_starts_runs_until_it_is_paused(space):
    job_id = space.w.jobs.create(name="clockwork", tasks=[missing("only")], schedule=EVERY_SECOND).job_id
    assert space.jobs.next_run(job_id) is not None
    runs = eventually(lambda: list(space.w.jobs.list_runs(job_id=job_id)), lambda runs: len(runs) >= 2)
    assert {run.trigger.value for run in runs} == {"PERIODIC"}
    paused = CronSchedule("* * * * * ?", "UTC", PauseStatus.PAUSED)
    space.w.jobs.update(job_id, new_settings=JobSettings(schedule=paused))
    assert space.jobs.next_run(job_id) is None
    space.w.jobs.delete(job_id)


def test_scheduled_runs_do_not_pile_up_behind_a_slow_one(space):
    waiting = Waiting(space, "slow")
    job_id = space.job(waiting.path, queue=QUEUE, schedule=EVERY_SECOND)
    states = eventually(
        lambda: [run.state.life_cycle_state.value for run in space.w.jobs.list_runs(job_id=job_id)],
        lambda states: "SKIPPED" in states,
    )
    assert states.count("QUEUED") == 1
    space.w.jobs.delete(job_id)


def test_a_deleted_job_leaves_nothing(space):
    waiting = Waiting(space, "deleted")
    job_id = space.job(waiting.path, schedule=CronSchedule("0 0 0 1 1 ?", "UTC"))
    run_id = space.w.jobs.run_now(job_id).run_id
    kernel = waiting.process()
    space.w.jobs.delete(job_id)
    assert has_ended(kernel)
    assert not (space.home.runs / str(run_id)).exists()
    for call in (
        lambda: space.w.jobs.get(job_id),
        lambda: space.w.jobs.get_run(run_id),
        lambda: space.w.jobs.run_now(job_id),
        lambda: space.w.jobs.delete(job_id),
    ):
        with pytest.raises(NotFound):
            call()


def test_history_keeps_the_newest_runs(space, monkeypatch):
    monkeypatch.setattr(history, "KEPT_RUNS", 2)
    job_id = space.w.jobs.create(name="often", tasks=[missing("only")]).job_id
    ids = [space.end_of(space.w.jobs.run_now(job_id).run_id).run_id for _ in range(5)]
    kept = [run.run_id for run in space.w.jobs.list_runs(job_id=job_id)]
    assert kept == ids[:1:-1]
    assert not (space.home.runs / str(ids[0])).exists()
    assert (space.home.runs / str(ids[-1])).exists()


def test_jobs_are_listed_by_name_and_in_pages(space):
    ids = [space.w.jobs.create(name="Paged", tasks=[missing("only")]).job_id for _ in range(3)]
    assert [job.job_id for job in space.w.jobs.list(name="paged", limit=2)] == ids[::-1]
    assert len(next(space.w.jobs.list(name="Paged", expand_tasks=True)).settings.tasks) == 1


def test_runs_are_listed_by_when_they_started_and_what_they_are(space):
    job_id = space.w.jobs.create(name="listed", tasks=[missing("only")]).job_id
    runs = [space.end_of(space.w.jobs.run_now(job_id).run_id) for _ in range(3)]

    def listed(**wanted: object) -> list[int]:
        return [run.run_id for run in space.w.jobs.list_runs(job_id=job_id, **wanted)]

    newest_first = [run.run_id for run in runs[::-1]]
    starts = [run.start_time for run in runs]
    assert len(set(starts)) == 3
    assert listed() == listed(run_type=RunType.JOB_RUN) == newest_first
    assert listed(start_time_from=starts[1]) == newest_first[:2]
    assert listed(start_time_to=starts[1]) == newest_first[1:]
    assert listed(start_time_from=starts[1], start_time_to=starts[1]) == [newest_first[1]]
    assert listed(start_time_from=starts[2] + 1) == listed(run_type=RunType.SUBMIT_RUN) == []
    assert listed(active_only=True) == []
    assert listed(completed_only=True) == newest_first
    tasks = [run.tasks for run in space.w.jobs.list_runs(job_id=job_id, expand_tasks=True)]
    assert [task.task_key for [task] in tasks] == ["only"] * 3


def test_a_runs_resolved_values_are_shown_on_request(space):
    task = Task("only", notebook_task=NotebookTask("/missing", {"TO": "{{job.parameters.CITY}}", "OWN": "1"}))
    job_id = space.w.jobs.create(
        name="resolved", tasks=[task], parameters=[JobParameterDefinition("CITY", "Chicago")]
    ).job_id
    run_id = space.end_of(space.w.jobs.run_now(job_id, job_parameters={"CITY": "Bellevue"}).run_id).run_id
    [shown] = space.w.jobs.get_run(run_id, include_resolved_values=True).tasks
    assert shown.resolved_values.notebook_task.base_parameters == {"TO": "Bellevue", "OWN": "1", "CITY": "Bellevue"}
    assert space.w.jobs.get_run(run_id, include_history=True).tasks[0].resolved_values is None


def test_reset_replaces_all_settings(space):
    job_id = space.w.jobs.create(name="before", tasks=[missing("only")], tags={"a": "b"}).job_id
    space.w.jobs.reset(job_id, JobSettings(name="after", tasks=[missing("other")]))
    settings = space.w.jobs.get(job_id).settings
    assert (settings.name, settings.tags, settings.tasks[0].task_key) == ("after", None, "other")


def test_the_same_idempotency_token_starts_one_run(space):
    job_id = space.w.jobs.create(name="token", tasks=[missing("only")]).job_id
    first, second = (space.w.jobs.run_now(job_id, idempotency_token="t-1").run_id for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"schedule": CronSchedule("every day", "UTC")}, "'every day'"),
        ({"schedule": CronSchedule("0 0 9 * * ?", "Mars")}, "'Mars'"),
        ({"schedule": CronSchedule("0 0 9 30 FEB ?", "UTC")}, "never comes due"),
        ({"tasks": [Task("a")]}, "notebook_task, pipeline_task"),
        ({"tasks": [missing("a b")]}, "'a b'"),
        ({"tasks": [missing("a"), missing("a")]}, "same task_key"),
        ({"tasks": [missing("a", "b")]}, "depends on b"),
        ({"tasks": [missing("a", "b"), missing("b", "a")]}, "circle"),
        (
            {
                "tasks": [
                    missing("b"),
                    Task("a", depends_on=[TaskDependency("b", "true")], notebook_task=NotebookTask("/n")),
                ]
            },
            "only a condition_task has an outcome",
        ),
        ({"tasks": [Task("a", notebook_task=NotebookTask("/n", {"X": "{{job.parameters.CITY}}"}))]}, "'CITY'"),
        ({"max_concurrent_runs": 0}, "max_concurrent_runs"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_stored(space, settings, reason):
    before = [job.job_id for job in space.w.jobs.list()]
    with pytest.raises(BadRequest, match=reason):
        space.w.jobs.create(**{"name": "bad", "tasks": [missing("only")], **settings})
    assert [job.job_id for job in space.w.jobs.list()] == before


def test_a_refused_change_leaves_the_job_as_it_was(space):
    job_id = space.w.jobs.create(name="steady", tasks=[missing("only")]).job_id
    before = space.w.jobs.get(job_id).as_dict()
    with pytest.raises(BadRequest, match="fields"):
        space.w.jobs.update(job_id, new_settings=JobSettings(name="new", schedule=CronSchedule("x", "UTC")))
    with pytest.raises(BadRequest, match="has no parameter CITY"):
        space.w.jobs.run_now(job_id, job_parameters={"CITY": "Chicago"})
    assert space.w.jobs.get(job_id).as_dict() == before
    assert list(space.w.jobs.list_runs(job_id=job_id)) == []


def test_output_is_asked_for_by_the_run_of_a_task(space):
    run = space.end_of(space.w.jobs.run_now(space.w.jobs.create(name="out", tasks=[missing("only")]).job_id).run_id)
    with pytest.raises(BadRequest, match="individual task run"):
        space.w.jobs.get_run_output(run.run_id)
    with pytest.raises(NotFound):
        space.w.jobs.get_run_output(987654321)


def test_jobs_history_and_schedules_survive_a_restart(tmp_path):
    with serving(tmp_path / "home") as space:
        job_id = space.w.jobs.create(name="kept", tasks=[missing("only")]).job_id
        run = space.end_of(space.w.jobs.run_now(job_id).run_id)
        waiting = Waiting(space, "stopped")
        stopped = space.w.jobs.run_now(space.job(waiting.path)).run_id
        kernel = waiting.process()
    assert has_ended(kernel)
    with serving(tmp_path / "home") as space:
        assert space.w.jobs.get_run(run.run_id).as_dict()["tasks"] == run.as_dict()["tasks"]
        assert space.w.jobs.get_run_output(run.tasks[0].run_id).error.startswith("The workspace has nothing")
        assert space.w.jobs.get_run(stopped).state.state_message == "The workspace was stopped."
        space.w.jobs.update(job_id, new_settings=JobSettings(schedule=EVERY_SECOND))
    with serving(tmp_path / "home") as space:
        eventually(lambda: list(space.w.jobs.list_runs(job_id=job_id, active_only=False)), lambda runs: len(runs) > 1)


def test_a_killed_workspace_marks_its_runs_as_interrupted_and_ends_their_kernels(tmp_path):
    program = [sys.executable, job_workspace.__file__, str(tmp_path / "home")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as daemon:
        client = WorkspaceClient(host=daemon.stdout.readline().strip(), token=TOKEN)
        folder = tmp_path / "home" / "workspace" / "Users" / "killed"
        client.workspace.mkdirs("/Users/killed")
        nbformat.write(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in WAITING_CELLS]),
            folder / "waits.ipynb",
        )
        task = Task("only", notebook_task=NotebookTask("/Users/killed/waits"))
        job_id = client.jobs.create(name="killed", tasks=[task], queue=QUEUE).job_id
        running, queued = (client.jobs.run_now(job_id).run_id for _ in range(2))
        eventually((folder / "here").exists)
        os.kill(daemon.pid, signal.SIGKILL)
    kernel = psutil.Process(int((folder / "here").read_text()))
    assert kernel.is_running()
    with serving(tmp_path / "home") as space:
        for run_id in (running, queued):
            run = space.w.jobs.get_run(run_id)
            assert run.state.life_cycle_state.value == run.tasks[0].state.life_cycle_state.value == "INTERNAL_ERROR"
            assert "Interrupted" in run.state.state_message
        assert has_ended(kernel)
        Path(folder / "go").touch()
        assert results(space.end_of(space.w.jobs.run_now(job_id).run_id)) == {"only": "SUCCESS"}
