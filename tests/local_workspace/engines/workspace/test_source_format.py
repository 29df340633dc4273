"""Notebooks in Databricks' source format."""

import pytest

from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.engines.workspace.files import MAX_NOTEBOOK
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


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_only_a_newline_ends_a_line(inside):
    """Any other character that Python's splitlines() takes for the end of a line is a part of the text."""
    source = (
        f"# Databricks notebook source\nx = 'a{inside}b'\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC a{inside}b\n"
    )
    assert [cell["source"] for cell in from_source(source)["cells"]] == [f"x = 'a{inside}b'", f"a{inside}b"]
    assert as_source(from_source(source)) == source


def test_spaces_at_the_end_of_a_line_of_markdown_break_it_and_stay():
    source = "# Databricks notebook source\n# MAGIC %md\n# MAGIC one  \n# MAGIC two\n"
    assert from_source(source.replace("%md\n# MAGIC ", "%md "))["cells"] == from_source(source)["cells"]
    assert from_source(source)["cells"][0]["source"] == "one  \ntwo"
    assert as_source(from_source(source)) == source


def test_a_comment_that_only_begins_like_magic_stays():
    assert from_source("# MAGIC_NUMBER = 5\n# MAGICIANS")["cells"][0]["source"] == "# MAGIC_NUMBER = 5\n# MAGICIANS"


def test_lines_may_end_as_on_windows():
    assert from_source(SOURCE.replace("\n", "\r\n"))["cells"] == from_source(SOURCE)["cells"]


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


def test_a_folder_is_listed_whatever_tasks_have_left_in_it(files, home_root):
    """A task may be writing a notebook beside its own, and delete files while they are listed."""
    folder = open_home(home_root).workspace_files
    (folder / "half.ipynb").write_text('{"cells": [')
    (folder / "lost.txt").symlink_to(folder / "nowhere")
    assert [(info["path"], info["object_type"]) for info in imported(files)] == [("/half", "NOTEBOOK")]
    assert "language" not in files.status("/half")
    assert files.read("/half", "JUPYTER")[0] == b'{"cells": ['
    with pytest.raises(ApiError, match="'/half' is not a Jupyter notebook"):
        files.read("/half", "SOURCE")


def test_a_notebook_has_at_most_ten_mebibytes(files):
    files.write("/n", b"#" * MAX_NOTEBOOK, "SOURCE", language="PYTHON")
    with pytest.raises(ApiError, match="exceeded max size \\(10485760 bytes\\)") as refused:
        files.write("/m", b"#" * (MAX_NOTEBOOK + 1), "SOURCE", language="PYTHON")
    assert (refused.value.status, refused.value.error_code) == (400, "MAX_NOTEBOOK_SIZE_EXCEEDED")
    files.write("/m.txt", b"#" * (MAX_NOTEBOOK + 1), "RAW")
