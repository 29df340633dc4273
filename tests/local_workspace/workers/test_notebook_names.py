"""`spark`, `display` and `%sql` in a job's notebook."""

import nbformat
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import NotebookTask, Task
from databricks.sdk.service.workspace import ImportFormat

from waiting import eventually


@pytest.fixture(scope="module")
def w(workspace: dict[str, str], spark) -> WorkspaceClient:
    return WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])


def test_a_notebook_has_a_session_of_spark_shows_tables_and_runs_sql(w: WorkspaceClient) -> None:
    cells = [
        "display(spark.range(2))",
        "%sql\nSELECT 'from sql' AS text",
        "n = spark.range(3).count()",
        "dbutils.notebook.exit(str(n))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    w.workspace.mkdirs("/Shared/names")
    w.workspace.upload("/Shared/names/nb", nbformat.writes(notebook).encode(), format=ImportFormat.JUPYTER)
    task = Task("t", notebook_task=NotebookTask("/Shared/names/nb"))
    run_id = w.jobs.run_now(w.jobs.create(name="names", tasks=[task]).job_id).run_id
    run = eventually(lambda: w.jobs.get_run(run_id), lambda run: run.end_time is not None, seconds=300)
    output = w.jobs.get_run_output(run.tasks[0].run_id)
    assert output.error is None
    assert output.notebook_output.result == "3"
