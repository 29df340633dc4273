"""Small plans and notebooks, written where a test can see what is in them."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Writes `notebooks/<key>.ipynb` of code cells, after a cell tagged `parameters` if there is one."""

    def write(
        key: str, *cells: str, parameters: str | None = None, kernel: str = "python3", solution: str = ""
    ) -> Path:
        code = [new_code_cell(source) for source in cells]
        if parameters is not None:
            code.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        if solution:
            code.append(new_code_cell(solution, metadata={"tags": ["solution"]}))
        path = tmp_path / "notebooks" / f"{key}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=code, metadata={"kernelspec": KERNEL | {"name": kernel}}), path)
        return path

    return write


@pytest.fixture
def write_plan(tmp_path: Path) -> Callable[..., Path]:
    """Writes a databricks.yml; a task is its key, and the keys it waits for; the notebooks are `<key>.ipynb`."""

    def write(tasks: dict[str, list[str]], parameters: dict[str, str] | None = None) -> Path:
        entries = [
            {
                "task_key": key,
                "depends_on": [{"task_key": other} for other in others],
                "notebook_task": {"notebook_path": f"./notebooks/{key}.ipynb"},
            }
            for key, others in tasks.items()
        ]
        job = {
            "name": "Small",
            "tasks": entries,
            "parameters": [{"name": name, "default": value} for name, value in (parameters or {}).items()],
        }
        path = tmp_path / "databricks.yml"
        path.write_text(yaml.safe_dump({"resources": {"jobs": {"small": job}}, "targets": {"default": {}}}))
        return path

    return write
