"""Notebooks as the Python source that Databricks exports."""

from local_workspace.engines.workspace.notebook_source import as_source


def notebook(*cells: tuple[str, object]) -> dict:
    return {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}


def test_code_stays_and_everything_else_is_magic():
    source = as_source(
        notebook(("markdown", "# Title\n\ntext"), ("code", ["a = 1\n", "b = 2"]), ("code", "%sql\nSELECT 1"))
    )
    assert source == (
        "# Databricks notebook source\n"
        "# MAGIC %md\n# MAGIC # Title\n# MAGIC\n# MAGIC text"
        "\n\n# COMMAND ----------\n\n"
        "a = 1\nb = 2"
        "\n\n# COMMAND ----------\n\n"
        "# MAGIC %sql\n# MAGIC SELECT 1\n"
    )


def test_the_source_of_any_notebook_is_python():
    source = as_source(
        notebook(("code", ""), ("markdown", ""), ("raw", "</x>"), ("code", "%pip install x"), ("code", "1"))
    )
    assert [line for line in source.splitlines() if line and not line.startswith("#")] == ["1"]
    compile(source, "notebook", "exec")


def test_a_notebook_without_cells_is_its_header():
    assert as_source(notebook()).strip() == "# Databricks notebook source"
