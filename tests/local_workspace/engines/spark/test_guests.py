"""What a task of a job leaves on the Spark server."""

import base64

import pytest
from databricks.sdk.service.jobs import NotebookTask, SubmitTask
from databricks.sdk.service.workspace import ImportFormat, Language

from waiting import eventually

FOLDER = "/Shared/guests"
NOTEBOOK = f"{FOLDER}/endless"
ENDLESS = """# Databricks notebook source
rate = spark.readStream.format("rate").load()
rate.writeStream.format("memory").queryName("endless").trigger(processingTime="1 hour").start()

# COMMAND ----------

spark.range(10**11).filter("sqrt(id) = -1").count()
"""


@pytest.fixture
def notebook(w):
    w.workspace.mkdirs(FOLDER)
    content = base64.b64encode(ENDLESS.encode()).decode()
    w.workspace.import_(NOTEBOOK, content=content, format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True)
    yield NOTEBOOK
    w.workspace.delete(FOLDER, recursive=True)


@pytest.fixture
def table(w, spark, catalog):
    """The full name of a table that the server has read."""
    spark.sql("CREATE SCHEMA IF NOT EXISTS guests")
    spark.sql("CREATE OR REPLACE TABLE guests.busy AS SELECT 1 AS id")
    yield w.tables.get(f"{catalog}.guests.busy").full_name
    spark.sql("DROP SCHEMA guests CASCADE")


def test_a_cancelled_task_leaves_neither_work_nor_sessions_on_the_server(w, spark, notebook, table):
    def ids(column, table):
        # all columns: a job of Spark's would wait for those of the task
        return {row[column] for row in spark.sql(f"SELECT * FROM local_workspace.{table}").collect()}

    def while_a_table_is_read():
        """The jobs that run before and after the answer, which has not waited for them."""
        before = ids("id", "jobs")
        assert w.tables.get(table).name == "busy"
        return before & ids("id", "jobs")

    sessions = ids("session", "sessions")
    run = w.jobs.submit(tasks=[SubmitTask("endless", notebook_task=NotebookTask(notebook))])
    eventually(lambda: w.jobs.get_run(run.run_id).tasks[0].state.life_cycle_state.value == "RUNNING")
    own = eventually(lambda: ids("session", "sessions") - sessions)
    begun = eventually(while_a_table_is_read)
    w.jobs.cancel_run(run.run_id).result()
    eventually(lambda: not own & ids("session", "sessions"))
    eventually(lambda: not begun & ids("id", "jobs"))
