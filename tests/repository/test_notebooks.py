"""What every notebook has to do so that a Databricks job can run it, and a reader can follow it."""

from pathlib import Path

import nbformat
import pytest

import notebook_frame
from caspers.runbook.notebook import declared_parameters

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NUMBERED = [path for path in sorted(NOTEBOOKS.glob("[01][0-9]_*.ipynb")) if path.name != notebook_frame.START]
RUN_BY_JOBS = [*NUMBERED, NOTEBOOKS / "template.ipynb", *sorted(NOTEBOOKS.glob("jobs/*.ipynb"))]


@pytest.mark.parametrize("path", RUN_BY_JOBS, ids=lambda path: path.stem)
def test_a_notebook_receives_its_parameters_before_it_connects(path: Path) -> None:
    """A job on Databricks passes parameters as widgets only: whoever does not receive them runs with the defaults."""
    code = "\n".join(cell.source for cell in nbformat.read(path, nbformat.NO_CONVERT).cells if cell.cell_type == "code")
    assert declared_parameters(path)
    assert 0 <= code.find("parameters.receive(globals())") < code.find("caspers.connect(CATALOG)")


def test_the_notebooks_follow_the_template() -> None:
    assert notebook_frame.problems(NOTEBOOKS) == []


TEMPLATE = (NOTEBOOKS / "template.ipynb").read_text()


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("# N. A title", "# A title", "the first line must be a title"),
        ("**Time:** ", "", "must say **Time:**"),
        ("## What you'll learn", "## Learn", "the headings are"),
        ("## 2. Something", "## 3. Something", "must be numbered from 1"),
        ("parameters.receive(globals())", "pass", "must call parameters.receive"),
        ('"nbval-ignore-output"', '"slow"', "no notebook has the tags slow"),
        ("**Exercise 2.**", "Exercise", "before solution 2"),
        ("assert len(rows) == 1", "rows", "solution 3 must be code with an assert"),
        ('"source_hidden": true', '"source_hidden": false', "solution 1 must be tagged hide-cell and folded"),
        ("> What a team", "What a team", "must be a quote"),
        ("- *The third.*", "*The third.*", "must list 3 causes"),
        ("--destroy --only TASK", "--destroy", "must say uv run runbook.py --destroy --only TASK"),
        ("00_start_here.ipynb#glossary", "00_start_here.ipynb#words", "leads to no heading"),
        ("[Start here](00_start_here.ipynb)", "[Start here](no.ipynb)", "its link no.ipynb leads nowhere"),
        ('rows"', "rows\\n" * 20 + '"', "a cell has 22 lines, more than 15"),
    ],
)
def test_a_notebook_that_differs_from_the_template_is_named(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert before in TEMPLATE
    (tmp_path / "00_start_here.ipynb").write_text((NOTEBOOKS / "00_start_here.ipynb").read_text())
    (tmp_path / "template.ipynb").write_text(TEMPLATE.replace(before, after))
    assert any(problem in found for found in notebook_frame.problems(tmp_path)), notebook_frame.problems(tmp_path)
