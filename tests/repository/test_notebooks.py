"""What every notebook has to do so that a Databricks job can run it, and a reader can follow it."""

from pathlib import Path

import nbformat
import pytest

import notebook_frame
import notebook_outputs
import notebook_text
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
        ("print(len(rows))", "len(rows)", "solution 3 must show what it found"),
        ('"source_hidden": true', '"source_hidden": false', "solution 1 must be tagged hide-cell and folded"),
        ("> What a team", "What a team", "must be a quote"),
        ("- *The third.*", "*The third.*", "must list 3 causes"),
        ("--destroy --only TASK", "--destroy", "must say uv run runbook.py --destroy --only TASK"),
        ("00_start_here.ipynb#glossary", "00_start_here.ipynb#words", "leads to no heading"),
        ("[Start here](00_start_here.ipynb)", "[Start here](no.ipynb)", "its link no.ipynb leads nowhere"),
        (
            "dbutils.library.restartPython()",
            "pass",
            "must install the project where it is missing, then restart Python",
        ),
        ("Prose announces what a cell does", "Section 7 announces it", "refers to section 7, which it does not have"),
        ('show.table(rows)"', "rows\\n" * 20 + '"', "a cell has 22 lines, more than 15"),
    ],
)
def test_a_notebook_that_differs_from_the_template_is_named(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert before in TEMPLATE
    (tmp_path / "00_start_here.ipynb").write_text((NOTEBOOKS / "00_start_here.ipynb").read_text())
    (tmp_path / "template.ipynb").write_text(TEMPLATE.replace(before, after))
    assert any(problem in found for found in notebook_frame.problems(tmp_path)), notebook_frame.problems(tmp_path)


@pytest.mark.parametrize("name", ["00_start_here.ipynb", "jobs/agent_scoring.ipynb"])
def test_every_notebook_installs_the_project_and_restarts_python(tmp_path: Path, name: str) -> None:
    for each in ("00_start_here.ipynb", "template.ipynb", name):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text((NOTEBOOKS / each).read_text())
    (tmp_path / name).write_text((NOTEBOOKS / name).read_text().replace("dbutils.library.restartPython()", "pass"))
    found = [problem for problem in notebook_frame.problems(tmp_path) if "restart Python" in problem]
    assert len(found) == 1 and found[0].startswith(Path(name).name)


def told(folder: Path, *texts: str) -> list[str]:
    """What is wrong in a notebook with one section, of these texts; one that begins with a dollar sign is code."""
    cells = [nbformat.v4.new_markdown_cell("## 1. A section")]
    for text in texts:
        new = nbformat.v4.new_code_cell if text.startswith("$") else nbformat.v4.new_markdown_cell
        cells.append(new(text.removeprefix("$")))
    path = folder / "01_told.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return list(notebook_text.problems(path))


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["As section 2 shows."], "refers to section 2, which it does not have"),
        (["See sections 3 and 1."], "refers to section 3, which it does not have"),
        (["`ANSWER` in section 1 unpacks it.", "$1"], "says that ANSWER is in section 1, where it is not"),
        (["As in notebook 11."], "refers to notebook 11, which there is not"),
        (["The newest first:", "$ws.sql('SELECT ts FROM t ORDER BY ts')"], "says newest first, but the code around it"),
        (["The lowest first:", "$ws.sql('SELECT ts FROM t')"], "says lowest first, but the code around it"),
        (["There are 123,456,789 of them.", "$12345678"], "says 123,456,789, which is neither in its code and outputs"),
        (["`caspers.jobs.make_no_job()` makes one."], "names `make_no_job`, which is neither in its code nor in the"),
    ],
)
def test_prose_that_the_code_has_outgrown_is_named(tmp_path: Path, texts: list[str], problem: str) -> None:
    assert [problem in found for found in told(tmp_path, *texts)] == [True]


@pytest.mark.parametrize(
    "texts",
    [
        ["As section 1 shows, and section 4 of [notebook 3](03.ipynb)."],
        ["`ANSWER` in section 1 unpacks it.", "$ANSWER = 1"],
        ["The newest first:", "$ws.sql('SELECT ts FROM t ORDER BY ts DESC')"],
        ["$ws.sql('SELECT ts FROM t ORDER BY ts DESC')", "These are the newest first."],
        ["The newest are read first, as notebook 10 does."],
        ["With 40,000 lines at most, and 123,456,789 rows in all.", "$rows = 123_456_789"],
        ["`jobs.ensure_job` makes one; `mine_now` counts them, and `my_table` is yours.", "$mine_now = 1"],
        ["```\nsection 9, `no_such_name`\n```"],
        ["## If it doesn't work", "`SOME_error_of_databricks` is raised."],
    ],
)
def test_prose_that_the_code_bears_out_is_left_alone(tmp_path: Path, texts: list[str]) -> None:
    assert told(tmp_path, *texts) == []


def shown(folder: Path, output: nbformat.NotebookNode) -> list[str]:
    """What is wrong in a notebook whose only cell has this output."""
    cell = nbformat.v4.new_code_cell("1", outputs=[output])
    path = folder / "01_shown.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return list(notebook_outputs.problems(path))


def markdown(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("execute_result", {"text/plain": "<Markdown>", "text/markdown": text})


def plain(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("execute_result", {"text/plain": text})


def printed(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=text)


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (markdown("```sql\nSELECT a FROM (…)\n```"), "the highlighter of sql can't read '…' in the block"),
        (markdown("```sequel\nSELECT a\n```"), "no highlighter knows the language sequel"),
        (plain("{'added': 3}"), "a cell shows a bare value, {'added': 3}"),
        (plain("('a', 1)"), "shows a bare value"),
        (plain("[{'a': 1}, {'a': 2}]"), "shows a bare value"),
        (plain("Job(job_id=1, settings=None)"), "shows a bare value"),
        (printed("{'type': 'object',\n 'title': None}\n"), "shows a bare value, {'type': 'object',;"),
        (printed('{\n "type": "object"\n}\n'), "shows a bare value, {;"),
        (printed('{"event_id": "5c52", "body": null}\n'), 'shows a bare value, {"event_id": "5c52"'),
    ],
)
def test_an_output_that_is_not_for_readers_is_named(
    tmp_path: Path, output: nbformat.NotebookNode, problem: str
) -> None:
    assert [problem in found for found in shown(tmp_path, output)] == [True]


@pytest.mark.parametrize(
    "output",
    [
        markdown("```sql\nSELECT a /* the rest */ FROM t WHERE b < 1\n```"),
        markdown('```json\n{\n  "a": 1\n}\n```'),
        nbformat.v4.new_output("execute_result", {"text/plain": "{'a': 1}", "text/html": "<table></table>"}),
        plain("'caspersdev'"),
        plain("['a.b', 'a.c']"),
        plain("<Workbook caspersdev on this laptop>"),
        printed("{oops\n"),
    ],
)
def test_an_output_for_readers_is_left_alone(tmp_path: Path, output: nbformat.NotebookNode) -> None:
    assert shown(tmp_path, output) == []


def test_a_block_in_prose_is_read_too(tmp_path: Path) -> None:
    told(tmp_path, "```sql\nSELECT …\n```")
    (problem,) = notebook_outputs.problems(tmp_path / "01_told.ipynb")
    assert "the highlighter of sql" in problem
