"""Notebooks in Databricks' source format."""

import pytest

from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.engines.workspace.notebook_environment import as_metadata, requirements
from local_workspace.engines.workspace.notebook_source import SQL, as_source, from_source
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import open_home

KEY = "application/vnd.databricks.v1+notebook"
SOURCE = """# Databricks notebook source
x = 1
y = 2

# COMMAND ----------

# MAGIC %md
# MAGIC # A title
# MAGIC
# MAGIC Prose

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1

# COMMAND ----------

print(x)
"""

SQL_SOURCE = """-- Databricks notebook source
SELECT 1

-- COMMAND ----------

-- MAGIC %md
-- MAGIC # A title

-- COMMAND ----------

-- MAGIC %python
-- MAGIC print(1)
"""


@pytest.fixture
def files(home_root):
    return WorkspaceFiles(open_home(home_root))


def imported(files) -> list[dict]:
    """What the root folder holds besides the folders that are always there."""
    return [info for info in files.list("/") if info["path"] not in ("/Shared", "/Users")]


def test_the_cells_of_a_source():
    cells = from_source(SOURCE)["cells"]
    assert [(cell["cell_type"], cell["source"]) for cell in cells] == [
        ("code", "x = 1\ny = 2"),
        ("markdown", "# A title\n\nProse"),
        ("code", "%sql\nSELECT 1"),
        ("code", "print(x)"),
    ]
    assert as_source(from_source(SOURCE)) == SOURCE


WITH_ENVIRONMENT = """# Databricks notebook source
# /// script
# [tool.databricks.environment]
# environment_version = "4"
# dependencies = ["--editable ..", "caf\\u00e9"]
# ///
x = 1
"""


def test_a_source_may_begin_with_its_environment():
    notebook = from_source(WITH_ENVIRONMENT)
    assert [cell["source"] for cell in notebook["cells"]] == ["x = 1"]
    assert requirements(notebook) == ["--editable ..", "café"]
    assert as_source(notebook) == WITH_ENVIRONMENT
    assert requirements(from_source(WITH_ENVIRONMENT.replace(" = [", " = [\n# ").replace("]\n# ///", "\n# ]\n# ///")))


@pytest.mark.parametrize(
    "block", ["# x = ", "# [tool.ruff]", "# tool = 3", "# [tool]\n# databricks = 3", "not a comment"]
)
def test_another_block_of_comments_is_a_cells(block):
    notebook = from_source(f"# Databricks notebook source\n# /// script\n{block}\n# ///\nx = 1\n")
    assert requirements(notebook) == []
    assert notebook["cells"][0]["source"] == f"# /// script\n{block}\n# ///\nx = 1"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"base_environment": "/Workspace/env.yaml"}, "'/Workspace/env.yaml'"),
        ({"java_dependencies": ["a.jar"]}, "java_dependencies"),
        ({"dependencies": "polars"}, "not a list"),
        ({"dependencies": [7]}, "not a list"),
    ],
)
def test_an_environment_that_cannot_be_made_is_refused(environment, named):
    with pytest.raises(ApiError, match=named):
        requirements({"metadata": as_metadata(environment)})


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {},
        {KEY: None},
        {KEY: {"environmentMetadata": None}},
        as_metadata({"base_environment": "", "client": "1"}),
    ],
)
def test_most_notebooks_ask_for_no_package(metadata):
    assert requirements({"metadata": metadata}) == []


@pytest.mark.parametrize(
    ("path", "format", "language", "name", "kind"),
    [
        ("/etl", "SOURCE", "PYTHON", "/etl", "NOTEBOOK"),
        ("/etl.py", "SOURCE", "PYTHON", "/etl.py", "NOTEBOOK"),
        ("/etl", "SOURCE", None, "/etl", "NOTEBOOK"),
        ("/etl.py", "AUTO", None, "/etl", "NOTEBOOK"),
        ("/etl.py", "RAW", None, "/etl.py", "FILE"),
    ],
)
def test_what_an_import_of_a_source_makes(files, path, format, language, name, kind):
    files.write(path, SOURCE.encode(), format, language=language)
    [found] = imported(files)
    assert (found["path"], found["object_type"]) == (name, kind)
    assert files.read(name)[0].decode() == SOURCE


def test_a_source_in_sql_is_a_notebook_of_sql_cells_and_keeps_its_language(files):
    cells = [("code", "%sql\nSELECT 1"), ("markdown", "# A title"), ("code", "print(1)")]
    assert [(cell["cell_type"], cell["source"]) for cell in from_source(SQL_SOURCE, SQL)["cells"]] == cells
    files.write("/by_header.sql", SQL_SOURCE.encode())
    files.write("/by_language", b"SELECT 1", "SOURCE", language="SQL")
    assert [(info["path"], info["language"]) for info in imported(files)] == [
        ("/by_header", "SQL"),
        ("/by_language", "SQL"),
    ]
    assert files.read("/by_header") == (SQL_SOURCE.encode(), "sql")
    assert files.read("/by_language")[0] == b"-- Databricks notebook source\nSELECT 1\n"


def test_python_without_the_first_line_is_a_notebook_only_by_its_language_and_name(files):
    files.write("/a.py", b"print(1)\n", "AUTO")
    files.write("/b.py", b"print(1)\n", "SOURCE", language="PYTHON")
    files.write("/c", b"print(1)\n", "SOURCE", language="PYTHON")
    files.write("/d.sql", b"SELECT 1", "SOURCE", language="SQL")
    assert [info["object_type"] for info in imported(files)] == ["FILE", "FILE", "NOTEBOOK", "FILE"]


@pytest.mark.parametrize(("content", "language", "named"), [(b"x", "SCALA", "SCALA"), (b"\xff", "PYTHON", "'/n'")])
def test_a_source_in_another_language_or_encoding_is_refused(files, content, language, named):
    with pytest.raises(ApiError, match=named):
        files.write("/n", content, "SOURCE", language=language)
    assert imported(files) == []


def test_an_object_is_found_by_its_id(files):
    files.mkdirs("/Users/me")
    found = files.find(str(files.status("/Users/me")["object_id"]), "DIRECTORY")
    assert found["path"] == "/Users/me"
    with pytest.raises(ApiError, match="Notebook"):
        files.find(str(found["object_id"]), "NOTEBOOK")
