"""Tasks that run SQL files and saved queries on a warehouse, on the shared workspace."""

import io

import nbformat
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from databricks.sdk.service.jobs import (
    JobParameterDefinition,
    NotebookTask,
    SqlTask,
    SqlTaskAlert,
    SqlTaskDashboard,
    SqlTaskFile,
    SqlTaskQuery,
    Task,
)
from databricks.sdk.service.sql import (
    CreateQueryRequestQuery,
    EnumValue,
    LifecycleState,
    NumericValue,
    QueryParameter,
    TextValue,
    UpdateQueryRequestQuery,
)
from databricks.sdk.service.workspace import ImportFormat

from waiting import eventually

FOLDER = "/Workspace/Users/you@localhost/sql_tasks"
SCRIPT = """-- a daily table
USE CATALOG {{catalog}};
USE SCHEMA sql_tasks;
CREATE OR REPLACE TABLE orders AS SELECT id, :city AS city FROM range(3);
SELECT count(*) FROM orders WHERE {{target}} = 'dev';
"""


@pytest.fixture(scope="module")
def w(connected, catalog) -> WorkspaceClient:
    client = WorkspaceClient()
    client.schemas.create("sql_tasks", catalog)
    client.workspace.mkdirs(FOLDER)
    yield client
    client.schemas.delete(f"{catalog}.sql_tasks", force=True)


@pytest.fixture(scope="module")
def warehouse(w) -> str:
    return w.warehouses.create(name="for sql tasks").response.id


def upload(w, name: str, text: str, encoding: str = "utf-8") -> str:
    w.workspace.upload(f"{FOLDER}/{name}", io.BytesIO(text.encode(encoding)), format=ImportFormat.AUTO, overwrite=True)
    return f"{FOLDER}/{name}"


def output(w, task: SqlTask | NotebookTask, **parameters: str):
    kind = "sql_task" if isinstance(task, SqlTask) else "notebook_task"
    defined = [JobParameterDefinition(name, value) for name, value in parameters.items()]
    job_id = w.jobs.create(name="sql", tasks=[Task("t", **{kind: task})], parameters=defined).job_id
    run_id = w.jobs.run_now(job_id).run_id
    run = eventually(lambda: w.jobs.get_run(run_id), lambda run: run.end_time is not None)
    return w.jobs.get_run_output(run.tasks[0].run_id)


def test_a_file_runs_its_statements_in_one_session(w, warehouse, catalog):
    task = SqlTask(warehouse, file=SqlTaskFile(upload(w, "orders.sql", SCRIPT)), parameters={"city": "Chicago"})
    found = output(w, task, catalog=catalog, target="dev")
    assert found.error is None
    assert found.sql_output.file_output.warehouse_id == warehouse
    table = w.tables.get(f"{catalog}.sql_tasks.orders")
    assert [column.name for column in table.columns] == ["id", "city"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1; SELECT 1 / no_such_column", "UNRESOLVED_COLUMN"),
        ("SELECT raise_error('rows are looked at')", "rows are looked at"),
        ("CREATE OR REFRESH STREAMING TABLE t AS SELECT 1", "define them in a pipeline"),
        ("SELECT {{absent}}", "parameter {{absent}} without a value"),
        ("SET spark.sql.ansi.enabled = false; SELECT 1", "[CONFIG_NOT_AVAILABLE]"),
        ("SET STATEMENT_TIMEOUT = 1; SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3", "STATEMENT_TIMEOUT"),
        ("SET TIMEZONE = 'Asia/Tokyo'; SELECT raise_error(current_timezone())", "Asia/Tokyo"),
    ],
)
def test_a_statement_that_fails_fails_the_task(w, warehouse, text, message):
    found = output(w, SqlTask(warehouse, file=SqlTaskFile(upload(w, "fails.sql", text))))
    assert message in found.error


def test_a_file_may_begin_with_a_byte_order_mark_and_is_in_utf_8(w, warehouse):
    marked = output(w, SqlTask(warehouse, file=SqlTaskFile(upload(w, "marked.sql", "SELECT 'ë'", "utf-8-sig"))))
    assert marked.error is None and marked.sql_output
    other = output(w, SqlTask(warehouse, file=SqlTaskFile(upload(w, "other.sql", "SELECT 'ë'", "latin-1"))))
    assert f"'{FOLDER}/other.sql' is not text in UTF-8" in other.error


def test_a_warehouse_must_exist(w, warehouse):
    file = SqlTaskFile(upload(w, "one.sql", "SELECT 1"))
    assert "SQL warehouse 'absent' does not exist" in output(w, SqlTask("absent", file=file)).error


def test_a_notebook_on_a_warehouse_has_sql_cells_only(w, warehouse):
    cells = {"sql": "%sql\nSELECT :n AS n", "python": "print('hello')"}
    for name, source in cells.items():
        text = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
        upload(w, f"{name}.ipynb", text)
    assert output(w, NotebookTask(f"{FOLDER}/sql", warehouse_id=warehouse), n="1").error is None
    refused = output(w, NotebookTask(f"{FOLDER}/python", warehouse_id=warehouse))
    assert refused.error.startswith("Cell 1 is not SQL")
    assert "does not exist" in output(w, NotebookTask(f"{FOLDER}/sql", warehouse_id="absent")).error


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("SET spark.sql.ansi.enabled = false", "[CONFIG_NOT_AVAILABLE]"),
        ("CREATE GLOBAL TEMPORARY VIEW v AS SELECT 1", "on clusters only"),
        ("SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3", "longer than STATEMENT_TIMEOUT allows"),
        ("SELECT raise_error(current_timezone())", "Asia/Tokyo"),
    ],
)
def test_a_notebook_on_a_warehouse_has_the_parameters_of_a_warehouse_only(w, warehouse, cell, message):
    cells = ["%sql\nSET STATEMENT_TIMEOUT = 5", "%sql\nSET TIMEZONE = 'Asia/Tokyo'", f"%sql\n{cell}"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    upload(w, "set.ipynb", nbformat.writes(notebook))
    assert message in output(w, NotebookTask(f"{FOLDER}/set", warehouse_id=warehouse)).error


def test_a_query_has_defaults_of_their_type_and_a_task_sets_others(w, warehouse):
    parameters = [
        QueryParameter(name="n", numeric_value=NumericValue(2)),
        QueryParameter(name="city", text_value=TextValue("Chicago")),
    ]
    text = "SELECT assert_true({{n}} + 1 = 4), assert_true({{city}} = 'Chicago')"
    query = w.queries.create(
        query=CreateQueryRequestQuery(
            display_name="checks", query_text=text, parameters=parameters, warehouse_id=warehouse
        )
    )
    task = SqlTask(warehouse, query=SqlTaskQuery(query.id), parameters={"n": "3"})
    found = output(w, task)
    assert found.error is None
    assert found.sql_output.query_output.query_text == text
    assert (
        "is a number, and 'x' is none"
        in output(w, SqlTask(warehouse, query=SqlTaskQuery(query.id), parameters={"n": "x"})).error
    )


def test_a_dropdown_is_refused_by_name(w, warehouse):
    parameters = [QueryParameter(name="size", enum_value=EnumValue(enum_options="s\nl", values=["s"]))]
    query = w.queries.create(
        query=CreateQueryRequestQuery(display_name="sizes", query_text="SELECT {{size}}", parameters=parameters)
    )
    found = output(w, SqlTask(warehouse, query=SqlTaskQuery(query.id)))
    assert "parameter 'size' has a type that a local workspace does not run" in found.error


def test_queries_are_made_listed_changed_and_trashed(w):
    query = w.queries.create(query=CreateQueryRequestQuery(display_name="daily", query_text="SELECT 1", tags=["a"]))
    assert w.queries.get(query.id).owner_user_name == w.current_user.me().user_name
    with pytest.raises(ResourceAlreadyExists, match="'daily' already exists"):
        w.queries.create(query=CreateQueryRequestQuery(display_name="daily"))
    other = w.queries.create(query=CreateQueryRequestQuery(display_name="daily"), auto_resolve_display_name=True)
    assert other.display_name == "daily (1)"
    changed = w.queries.update(query.id, "query_text,tags", query=UpdateQueryRequestQuery(query_text="SELECT 2"))
    assert (changed.query_text, changed.tags, changed.display_name) == ("SELECT 2", None, "daily")
    with pytest.raises(BadRequest, match="owner_user_name"):
        w.queries.update(query.id, "owner_user_name", query=UpdateQueryRequestQuery())
    w.queries.delete(query.id)
    assert query.id not in {each.id for each in w.queries.list(page_size=1)}
    assert w.queries.get(query.id).lifecycle_state is LifecycleState.TRASHED
    with pytest.raises(NotFound, match="'absent' does not exist"):
        w.queries.get("absent")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "exactly one of file and query"),
        ({"alert": SqlTaskAlert("1")}, "sql_task.alert is not supported"),
        ({"dashboard": SqlTaskDashboard("1")}, "sql_task.dashboard is not supported"),
    ],
)
def test_what_is_not_run_is_refused(w, settings, message):
    with pytest.raises(BadRequest, match=message):
        w.jobs.create(name="sql", tasks=[Task("t", sql_task=SqlTask("any", **settings))])
