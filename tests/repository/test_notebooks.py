"""What every notebook has to do so that a Databricks job can run it."""

from pathlib import Path

import nbformat
import pytest

from caspers.runbook.notebook import declared_parameters

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
RUN_BY_JOBS = [*sorted(NOTEBOOKS.glob("[01][0-9]_*.ipynb")), *sorted(NOTEBOOKS.glob("jobs/*.ipynb"))]


@pytest.mark.parametrize("path", RUN_BY_JOBS, ids=lambda path: path.stem)
def test_a_notebook_receives_its_parameters_before_it_connects(path: Path) -> None:
    """A job on Databricks passes parameters as widgets only: whoever does not receive them runs with the defaults."""
    code = "\n".join(cell.source for cell in nbformat.read(path, nbformat.NO_CONVERT).cells if cell.cell_type == "code")
    assert declared_parameters(path)
    assert 0 <= code.find("parameters.receive(globals())") < code.find("caspers.connect(CATALOG)")
