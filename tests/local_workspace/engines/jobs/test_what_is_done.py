"""What a job's settings ask for is done, means nothing on one machine, or is refused by name."""

import base64
from dataclasses import fields
from datetime import timedelta

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.compute import Environment, Library
from databricks.sdk.service.jobs import (
    ConditionTask,
    CronSchedule,
    FileArrivalTriggerConfiguration,
    ForEachTask,
    JobEmailNotifications,
    JobEnvironment,
    JobNotificationSettings,
    JobParameterDefinition,
    JobSettings,
    NotebookTask,
    PauseStatus,
    PeriodicTriggerConfiguration,
    PeriodicTriggerConfigurationTimeUnit,
    PipelineTask,
    PythonWheelTask,
    QueueSettings,
    RunJobTask,
    SparkPythonTask,
    TableUpdateTriggerConfiguration,
    Task,
    TaskDependency,
    TaskEmailNotifications,
    TaskNotificationSettings,
    TriggerSettings,
    TriggerType,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from local_workspace.engines.jobs import settings, unsupported
from local_workspace.engines.jobs.settings import checked
from local_workspace.runtime.errors import ApiError
from waiting import eventually

FAILS_ONCE = (
    "import pathlib\nmarker = pathlib.Path('ran')\nagain = marker.exists()\nmarker.touch()",
    "assert again, 'the first time'",
    "'well'",
)
HOURLY = PeriodicTriggerConfiguration(1, PeriodicTriggerConfigurationTimeUnit.HOURS)


def ended(space, task: Task, **settings: object):
    job_id = space.w.jobs.create(name="test", tasks=[task], **settings).job_id
    return space.end_of(space.w.jobs.run_now(job_id).run_id)


def test_a_task_that_fails_is_tried_again(space):
    path = space.upload("/Users/flaky/nb.ipynb", *FAILS_ONCE)
    run = ended(space, Task("t", max_retries=2, min_retry_interval_millis=1000, notebook_task=NotebookTask(path)))
    assert run.state.result_state.value == "SUCCESS"
    first, second = run.tasks
    assert [task.state.result_state.value for task in run.tasks] == ["FAILED", "SUCCESS"]
    assert (first.attempt_number, second.attempt_number) == (0, 1) and first.run_id != second.run_id
    assert second.start_time - first.start_time >= 1000
    assert "the first time" in space.w.jobs.get_run_output(first.run_id).error
    assert space.w.jobs.get_run_output(second.run_id).notebook_output.result == "'well'"


def test_a_task_is_tried_no_more_often_than_it_may_be(space):
    task = Task("t", max_retries=1, notebook_task=NotebookTask("/missing"))
    after = Task("u", depends_on=[TaskDependency("t")], pipeline_task=PipelineTask("COMPLETED"))
    job_id = space.w.jobs.create(name="test", tasks=[task, after]).job_id
    run = space.end_of(space.w.jobs.run_now(job_id).run_id)
    found = [(task.task_key, task.attempt_number, task.state.result_state.value) for task in run.tasks]
    assert sorted(found) == [("t", 0, "FAILED"), ("t", 1, "FAILED"), ("u", 0, "UPSTREAM_FAILED")]


@pytest.mark.parametrize(("again", "attempts"), [(None, 1), (True, 2)])
def test_a_task_that_takes_too_long_is_timed_out_and_tried_again_on_request(space, again, attempts):
    path = space.upload(f"/Users/slow{attempts}/nb.ipynb", "import threading\nthreading.Event().wait(600)")
    task = Task("t", timeout_seconds=2, max_retries=1, retry_on_timeout=again, notebook_task=NotebookTask(path))
    run = ended(space, task)
    assert [task.state.result_state.value for task in run.tasks] == ["TIMEDOUT"] * attempts
    assert run.state.result_state.value == "TIMEDOUT"
    assert "2 s" in run.tasks[0].state.state_message


def test_a_run_that_is_cancelled_waits_for_no_retry(space):
    task = Task("t", max_retries=-1, min_retry_interval_millis=600_000, notebook_task=NotebookTask("/missing"))
    job_id = space.w.jobs.create(name="test", tasks=[task]).job_id
    run_id = space.w.jobs.run_now(job_id).run_id
    space.w.jobs.cancel_run(run_id)
    assert space.end_of(run_id).state.result_state.value == "CANCELED"


def test_a_periodic_trigger_runs_the_job_until_it_is_paused(space):
    task = Task("t", notebook_task=NotebookTask("/missing"))
    job_id = space.w.jobs.create(name="test", tasks=[task], trigger=TriggerSettings(periodic=HOURLY)).job_id
    moment = space.jobs.next_run(job_id)
    assert moment is not None and space.jobs.next_run(job_id) - moment < timedelta(hours=1)
    paused = TriggerSettings(periodic=HOURLY, pause_status=PauseStatus.PAUSED)
    space.w.jobs.update(job_id, new_settings=JobSettings(trigger=paused))
    assert space.jobs.next_run(job_id) is None


def test_a_file_that_arrives_starts_a_run(space, monkeypatch):
    monkeypatch.setattr(settings, "LOOK_SECONDS", 1)
    volume = space.home.volumes / "s" / "arrivals"
    volume.mkdir(parents=True)
    (volume / "before.json").touch()
    arrival = TriggerSettings(file_arrival=FileArrivalTriggerConfiguration("/Volumes/c/s/arrivals/"))
    task = Task("t", pipeline_task=PipelineTask("COMPLETED"))
    job_id = space.w.jobs.create(name="test", tasks=[task], trigger=arrival).job_id
    (volume / "new.json").touch()
    (run,) = eventually(lambda: list(space.w.jobs.list_runs(job_id=job_id)))
    assert run.trigger == TriggerType.FILE_ARRIVAL
    assert space.jobs.next_run(job_id) is None
    state = space.w.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": job_id, "include_trigger_state": "true"})
    assert state["trigger_state"] == {"file_arrival": {"using_file_events": False}}
    space.w.jobs.delete(job_id)


def test_a_trigger_on_a_volume_that_does_not_exist_is_refused(space):
    arrival = TriggerSettings(file_arrival=FileArrivalTriggerConfiguration("/Volumes/c/s/nowhere/"))
    before = len(list(space.w.jobs.list()))
    with pytest.raises(NotFound, match="does not exist"):
        space.w.jobs.create(name="test", trigger=arrival)
    assert len(list(space.w.jobs.list())) == before


def test_a_run_may_be_told_to_wait_though_the_job_has_no_queue(space):
    path = space.upload("/Users/waits/nb.ipynb", "import threading\nthreading.Event().wait(600)")
    job_id = space.job(path)
    runs = [space.w.jobs.run_now(job_id).run_id]
    runs += [space.w.jobs.run_now(job_id, queue=QueueSettings(enabled)).run_id for enabled in (True, False)]
    assert [space.state_of(run_id) for run_id in runs[1:]] == ["QUEUED", "SKIPPED"]
    space.w.jobs.cancel_all_runs(all_queued_runs=True)
    assert [space.state_of(run_id) for run_id in runs[:2]] == ["RUNNING", "TERMINATED"]
    with pytest.raises(BadRequest, match="job_id is missing"):
        space.w.jobs.cancel_all_runs()
    space.w.jobs.cancel_all_runs(job_id=job_id)
    assert space.state_of(runs[0]) == "TERMINATED"


def test_references_stand_for_the_runs_own_values(space):
    names = ("job.id", "job.run_id", "task.run_id", "task.execution_count", "job.trigger.type", "job_id", "task_key")
    own = {"ALL": " ".join(f"{{{{{name}}}}}" for name in names), "DAY": "{{ job.parameters.DAY }}"}
    path = space.upload("/Users/refs/nb.ipynb", "get = dbutils.widgets.get\nget('ALL'), get('DAY')")
    day = JobParameterDefinition("DAY", "{{job.start_time.iso_date}}")
    run = ended(space, Task("t", notebook_task=NotebookTask(path, own)), parameters=[day])
    result = space.w.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result
    found = f"{run.job_id} {run.run_id} {run.tasks[0].run_id} 1 onetime {run.job_id} t"
    assert result.startswith(f"('{found}', '20")


SOURCE = """# Databricks notebook source
print('hello')

# COMMAND ----------

# MAGIC %md
# MAGIC Prose

# COMMAND ----------

'there'
"""


def test_a_notebook_in_source_format_is_a_notebook_and_runs(space):
    space.w.workspace.mkdirs("/Users/source")
    content = base64.b64encode(SOURCE.encode()).decode()
    for path, sent in (("/Users/source/etl", content), ("/Users/source/again", None)):
        sent = sent or space.w.workspace.export("/Users/source/etl", format=ExportFormat.SOURCE).content
        space.w.workspace.import_(path, content=sent, format=ImportFormat.SOURCE, language=Language.PYTHON)
        assert space.w.workspace.get_status(path).object_type == ObjectType.NOTEBOOK
        run = ended(space, Task("t", notebook_task=NotebookTask(path)))
        assert run.state.result_state.value == "SUCCESS"
        assert space.w.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result == "'there'"


def output(space, run) -> str:
    assert run.state.result_state.value == "SUCCESS", run.state.state_message
    return space.w.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result


@pytest.mark.parametrize(
    ("cells", "result"),
    [
        (["dbutils.notebook.exit(3)", "'not reached'"], "3"),
        (
            ["dbutils.widgets.text('A', 'default')\nprint(dbutils.widgets.get('A'), dbutils.widgets.getAll())"],
            "x {'A': 'x'}\n",
        ),
        (["dbutils.widgets.dropdown('B', 'b', ['b', 'c'])\ndbutils.widgets.get('B')"], "'b'"),
        (["%run ./other", "from_other + 1"], "42"),
        (["dbutils = 'own'", "dbutils"], "'own'"),
        (["%md\nSome *prose* of a source file", "%python\n1 + 1"], "2"),
    ],
)
def test_a_notebook_has_what_databricks_puts_into_it(space, cells, result):
    space.upload("/Users/names/other.ipynb", "from_other = 41")
    path = space.upload("/Users/names/nb.ipynb", *cells)
    run = ended(space, Task("t", notebook_task=NotebookTask(path, {"A": "x"})))
    assert output(space, run) == result


def test_no_setting_of_the_sdk_is_forgotten():
    for kind, tables in (
        (JobSettings, (unsupported.JOB_DONE, unsupported.JOB_WITHOUT_EFFECT, unsupported.JOB_REFUSED)),
        (Task, (unsupported.TASK_DONE, unsupported.TASK_WITHOUT_EFFECT, unsupported.TASK_REFUSED)),
        (NotebookTask, (unsupported.PARTS_DONE["notebook_task"], unsupported.PARTS_REFUSED["notebook_task"])),
        (Environment, (unsupported.PARTS_DONE["spec"], unsupported.PARTS_REFUSED["spec"])),
        (JobEnvironment, (unsupported.PARTS_DONE["environments"],)),
        (Library, (unsupported.PARTS_DONE["libraries"], unsupported.PARTS_REFUSED["libraries"])),
        (PythonWheelTask, (unsupported.PARTS_DONE["python_wheel_task"],)),
        (SparkPythonTask, (unsupported.PARTS_DONE["spark_python_task"],)),
        (PipelineTask, (unsupported.PARTS_DONE["pipeline_task"], unsupported.PARTS_REFUSED["pipeline_task"])),
        (ConditionTask, (unsupported.PARTS_DONE["condition_task"], unsupported.PARTS_REFUSED["condition_task"])),
        (ForEachTask, (unsupported.PARTS_DONE["for_each_task"], unsupported.PARTS_REFUSED["for_each_task"])),
        (RunJobTask, (unsupported.PARTS_DONE["run_job_task"], unsupported.PARTS_REFUSED["run_job_task"])),
        (TaskDependency, (unsupported.PARTS_DONE["depends_on"], unsupported.PARTS_REFUSED["depends_on"])),
        (
            JobEmailNotifications,
            (unsupported.PARTS_DONE["email_notifications"], unsupported.PARTS_REFUSED["email_notifications"]),
        ),
        (
            TaskEmailNotifications,
            (unsupported.PARTS_DONE["email_notifications"], unsupported.PARTS_REFUSED["email_notifications"]),
        ),
        (TaskNotificationSettings, (unsupported.PARTS_DONE["task_notification_settings"],)),
        (JobNotificationSettings, (unsupported.PARTS_DONE["notification_settings"],)),
        (CronSchedule, (unsupported.PARTS_DONE["schedule"], unsupported.PARTS_REFUSED["schedule"])),
        (FileArrivalTriggerConfiguration, (unsupported.PARTS_DONE["file_arrival"],)),
        (TableUpdateTriggerConfiguration, (unsupported.PARTS_DONE["table_update"],)),
        (TriggerSettings, (unsupported.PARTS_DONE["trigger"], unsupported.PARTS_REFUSED["trigger"])),
    ):
        placed = [name for table in tables for name in table]
        assert sorted(placed) == sorted(field.name for field in fields(kind)), kind.__name__


NOTEBOOK = {"task_key": "t", "notebook_task": {"notebook_path": "/n"}}
SINGLE_NODE = {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]"}
GIT = {"task_key": "t", "notebook_task": {"notebook_path": "n", "source": "GIT"}}


@pytest.mark.parametrize("name", unsupported.JOB_REFUSED)
def test_a_setting_that_is_refused_is_named_with_what_to_do(name):
    with pytest.raises(ApiError, match=f"^{name} is not supported in a local workspace: .{{15,}}") as refused:
        checked({"tasks": [NOTEBOOK], name: {"any": "value"}})
    assert (refused.value.status, refused.value.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert checked({"tasks": [NOTEBOOK], name: {}})  # clients send some fields without a value


@pytest.mark.parametrize("name", unsupported.TASK_REFUSED)
def test_a_tasks_setting_that_is_refused_is_named_with_what_to_do(name):
    with pytest.raises(ApiError, match=rf"^tasks\.t\.{name} is not supported in a local workspace: .{{15,}}"):
        checked({"tasks": [NOTEBOOK | {name: {"any": "value"}}]})


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"tasks": [NOTEBOOK | {"retries": 3}]}, "tasks.t.retries"),
        ({"tasks": [GIT]}, "tasks.t.notebook_task.source"),
        ({"tasks": [NOTEBOOK | {"new_cluster": {"spark_env_vars": {"A": "b"}}}]}, "tasks.t.new_cluster.spark_env_vars"),
        ({"job_clusters": [{"job_cluster_key": "k", "new_cluster": {"init_scripts": [{}, {"a": 1}]}}]}, "init_scripts"),
        ({"tasks": [NOTEBOOK | {"new_cluster": {"spark_conf": SINGLE_NODE | {"a": "b"}}}]}, "new_cluster.spark_conf"),
        ({"trigger": {"job_completion": {"job_id": 1}}}, "trigger.job_completion"),
        ({"email_notifications": {"on_maintenance_start": ["a@b"]}}, "email_notifications.on_maintenance_start"),
        ({"tasks": [{"task_key": "t", "pipeline_task": {"pipeline_id": "p", "parameters": {"a": "b"}}}]}, "parameters"),
        ({"parameters": [{"name": "D", "default": "{{job.start.day}}"}]}, "'D'"),
        (
            {
                "tasks": [
                    {"task_key": "t", "notebook_task": {"notebook_path": "/n", "base_parameters": {"A": "{{x.y}}"}}}
                ]
            },
            "{{x.y}}",
        ),
        (
            {
                "trigger": {"periodic": {"interval": 1, "unit": "DAYS"}},
                "schedule": {"quartz_cron_expression": "0 0 9 * * ?", "timezone_id": "UTC"},
            },
            "either a schedule or a trigger",
        ),
    ],
)
def test_a_part_that_cannot_be_done_is_refused(settings, named):
    with pytest.raises(ApiError) as refused:
        checked(settings)
    assert named in refused.value.message


def test_a_cluster_of_one_machine_is_kept():
    assert checked({"tasks": [NOTEBOOK | {"new_cluster": {"num_workers": 0, "spark_conf": SINGLE_NODE}}]})


def test_a_refused_job_is_not_made(space):
    before = [job.job_id for job in space.w.jobs.list()]
    with pytest.raises(BadRequest, match="continuous"):
        space.w.api_client.do("POST", "/api/2.2/jobs/create", body={"continuous": {"pause_status": "UNPAUSED"}})
    assert [job.job_id for job in space.w.jobs.list()] == before
