"""A Jupyter notebook as the Python source that Databricks exports."""

from typing import Any

HEADER = "# Databricks notebook source"
SEPARATOR = "\n\n# COMMAND ----------\n\n"


def as_source(notebook: dict[str, Any]) -> str:
    """The cells of a notebook (nbformat 4, as a dict) in Databricks' source format; other cells as `# MAGIC`."""
    cells = (_cell(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"])
    return f"{HEADER}\n{SEPARATOR.join(cells)}\n"


def _cell(kind: str, source: str) -> str:
    if kind == "code" and not source.startswith("%"):
        return source
    body = source if kind == "code" else f"%md\n{source}"
    return "\n".join(f"# MAGIC {line}".rstrip() for line in body.splitlines())
