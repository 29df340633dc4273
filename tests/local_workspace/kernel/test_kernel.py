"""Notebooks as people write them for Databricks, run as tasks in real kernels."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import papermill
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType

from local_workspace.kernel import Context
from local_workspace.kernel.languages import statements, whole_cells
from local_workspace.kernel.namespace import needs_spark


class Folder:
    """A workspace folder with notebooks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, *cells: str) -> Path:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        file = self.path / f"{name}.ipynb"
        nbformat.write(notebook, file)
        return file

    def run(self, *cells: str, key: str = "first", **parameters: str) -> dict:
        """The outcome of a notebook of these cells, run as the task `key`."""
        source, task, result = self.write(key, *cells), self.path / f"{key}.json", self.path / f"{key}.result"
        context = Context(parameters, str(source), str(self.path), key, str(self.path / "values"))
        context.write(task)
        files = [source, self.path / f"{key}.out.ipynb", task, result, sys.executable]
        subprocess.run([sys.executable, "-m", "local_workspace.workers.notebook_task", *map(str, files)], check=True)
        return json.loads(result.read_text())

    def outputs(self, key: str = "first") -> list[str]:
        executed = nbformat.read(self.path / f"{key}.out.ipynb", 4)
        found = [output for cell in executed.cells for output in cell.get("outputs", [])]
        return [output.get("text") or output.get("data", {}).get("text/plain", output.output_type) for output in found]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_parameters_are_widgets_and_exit_ends_the_notebook_with_its_result(folder):
    outcome = folder.run(
        "dbutils.widgets.text('CITY', 'Chicago')\ndbutils.widgets.dropdown('SIZE', 'small', ['small', 'large'])",
        "import json\nprint('before')\ndbutils.notebook.exit(json.dumps(dbutils.widgets.getAll()))\nprint('same cell')",
        "print('after')\n1 / 0",
        CITY="Bellevue",
        DAY="7",
    )
    assert json.loads(outcome["result"]) == {"CITY": "Bellevue", "SIZE": "small", "DAY": "7"}
    assert folder.outputs() == ["before\n", f"Notebook exited: {outcome['result']}"]


def test_html_is_shown_as_such(folder):
    folder.run("displayHTML('<b>salt</b>')")
    (shown,) = nbformat.read(folder.path / "first.out.ipynb", 4).cells[0].outputs
    assert shown.data["text/html"] == "<b>salt</b>"


def test_a_widget_that_nobody_defined_is_an_error_that_says_so(folder):
    outcome = folder.run("dbutils.widgets.get('CATALOG')")
    assert outcome["error"].startswith("InputWidgetNotDefined: No input widget named CATALOG is defined")


def test_cells_in_other_languages(folder):
    outcome = folder.run(
        "%md\n# A title",
        "%sh\necho from the shell",
        "%python\nx = 6 * 7",
        "print(x)",
        "%scala\nprintln(1)",
    )
    assert outcome["error"].startswith("CellError: %scala: a local workspace runs Python, SQL, shell and Markdown")
    assert folder.outputs()[1:3] == ["from the shell\n", "42\n"]


def test_run_shares_the_namespace_and_passes_widgets(folder):
    folder.write(
        "helpers",
        "dbutils.widgets.text('who', 'nobody')",
        "def greet(): return f'hello {dbutils.widgets.get(\"who\")}'",
    )
    assert folder.run('%run ./helpers $who="Ann"', "greet()")["result"] == "'hello Ann'"
    assert "There is no notebook at './absent'" in folder.run("%run ./absent", key="second")["error"]


def test_another_notebook_runs_in_a_kernel_of_its_own(folder):
    folder.write("child", "dbutils.notebook.exit('got ' + dbutils.widgets.get('x'))")
    folder.write("broken", "1 / 0")
    assert folder.run("dbutils.notebook.run('./child', 600, {'x': '5'})")["result"] == "'got 5'"
    assert "broken failed: ZeroDivisionError" in folder.run("dbutils.notebook.run('broken')", key="second")["error"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("notebook.run('child', 60, {'x': 5})", "TypeError: dbutils.notebook.run: the argument 'x' must be a text"),
        (
            "notebook.run('child', 60, {'x': 'Zoë'})",
            "ValueError: dbutils.notebook.run: the argument 'x' may have ASCII",
        ),
        ("notebook.entry_point.getDbutils()", "AttributeError: dbutils.notebook.entry_point: a local workspace has"),
        ("data.summarize(None)", "AttributeError: dbutils.data: a local workspace has dbutils.fs, jobs, library"),
    ],
)
def test_what_dbutils_does_not_do_is_refused_with_a_way_out(folder, call, message):
    folder.write("child", "dbutils.widgets.get('x')")
    assert folder.run(f"dbutils.{call}")["error"].startswith(message)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\n", ["SELECT 1"]),
        ("USE a; ; SELECT 1", ["USE a", "SELECT 1"]),
        ("SELECT ';', \";\", 'it''s; \\';', `a;b` -- c; d\n; SELECT 2", None),
        ("/* a; b */ SELECT 1; -- the end;", ["/* a; b */ SELECT 1"]),
        ("BEGIN\n  SELECT 1;\n  SELECT 2;\nEND;", ["BEGIN\n  SELECT 1;\n  SELECT 2;\nEND"]),
        ("-- nothing", []),
    ],
)
def test_semicolons_separate_the_statements_of_a_cell(cell, found):
    if found is None:
        found = [cell.removesuffix("\n; SELECT 2"), "SELECT 2"]
    assert statements(cell) == found


@pytest.mark.parametrize("first", ["%sql SELECT 1", "%sql\tSELECT 1", "  %sql   SELECT 1  ", "%sql\n"])
def test_the_rest_of_the_first_line_belongs_to_the_cell(first):
    assert "".join(whole_cells([f"{first}\n", "AS x"])).split() == ["%%sql", *first.split()[1:], "AS", "x"]
    assert whole_cells([f"{first}\n"])[0] == "%%sql\n"


def test_braces_in_a_path_are_a_part_of_it(tmp_path):
    place = tmp_path / "{drafts} {}"
    place.mkdir()
    assert Folder(place).run("6 * 7", key="{x}")["result"] == "42"


def test_a_task_leaves_values_for_later_ones(folder):
    folder.run("dbutils.jobs.taskValues.set(key='rows', value={'n': 3})", key="extract")
    read = "values.get(taskKey='extract', key='rows')['n'], values.get('extract', 'no', 1)"
    assert folder.run("values = dbutils.jobs.taskValues", read, key="load")["result"] == "(3, 1)"
    assert "has left no value 'no'" in folder.run("dbutils.jobs.taskValues.get('extract', 'no')", key="late")["error"]


def wheel(folder: Path, version: str, source: str) -> Path:
    """A wheel of a package `kitchentool` with one module."""
    made, info = folder / f"kitchentool-{version}-py3-none-any.whl", f"kitchentool-{version}.dist-info"
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("kitchentool.py", source)
        package.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: kitchentool\nVersion: {version}\n")
        package.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        package.writestr(f"{info}/RECORD", "")
    return made


def test_pip_installs_for_this_notebook_alone(folder):
    tool = wheel(folder.path, "1.0", "spoons = 12")
    assert folder.run(f"%pip install --no-index {tool}", "import kitchentool", "kitchentool.spoons")["result"] == "12"
    assert "No module named 'kitchentool'" in folder.run("import kitchentool", key="second")["error"]


RESTARTED = "[kitchentool.spoons, 'mine' in globals(), *(name in globals() for name in ('dbutils', 'display'))]"


@pytest.mark.parametrize("restart", ["%restart_python", "dbutils.library.restartPython()"])
def test_python_sees_another_version_after_a_restart_which_forgets_the_notebooks_names(folder, restart):
    # Of different lengths: Python takes compiled code for current if time and size of the source agree.
    first, second = (
        wheel(folder.path, f"{spoons}.0", f"spoons = {spoons}{spaces}") for spoons, spaces in ((1, ""), (2, " "))
    )
    outcome = folder.run(
        f"%pip install --no-index {first}",
        "import kitchentool\nmine = 1",
        f"%pip install --no-index --upgrade {second}",
        "kitchentool.spoons",
        restart,
        f"import kitchentool\n{RESTARTED}",
    )
    assert outcome["result"] == "[2, False, True, True]"
    assert "%restart_python makes Python load" in "".join(folder.outputs())


def test_a_kernel_of_jupyter_installs_for_its_notebook_alone_too(folder):
    tool = wheel(folder.path, "1.0", "spoons = 12")
    *_, place = in_jupyter(
        folder, f"%pip install --no-index {tool}", "%restart_python", "import kitchentool\nkitchentool.__file__"
    )
    assert "notebook-packages-" in place


def in_jupyter(folder: Folder, *cells: str) -> list[str]:
    """The texts that these cells show in a kernel of Jupyter's, which runs no task; the last may be an error's."""
    opened = folder.write("opened", *cells)
    executed = papermill.execute_notebook(opened, None, cwd=folder.path, kernel_name="python3", progress_bar=False)
    found = [output for cell in executed.cells for output in cell.get("outputs", [])]
    return [output.get("text") or output.data["text/plain"] for output in found]


def test_a_kernel_of_jupyter_has_the_same_names_though_there_is_no_workspace(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.path))  # where a user's profiles would be
    folder.write("helpers", "tool = dbutils.widgets.get('CITY')")
    outputs = in_jupyter(
        folder,
        "import sys\n[name for name in ('databricks', 'nbformat', 'pandas', 'pyspark') if name in sys.modules]",
        "dbutils.widgets.text('CITY', 'Chicago')",
        "%run ./helpers",
        "display(tool)",
        "%sh\necho from the shell",
        "try:\n    spark.range(3)\nexcept RuntimeError as error:\n    print(error)",
        "try:\n    dbutils.fs.ls('/Volumes')\nexcept RuntimeError as error:\n    print(error)",
    )
    assert outputs[:3] == ["[]", "'Chicago'", "from the shell\n"]
    assert all(text.startswith("This notebook is connected to no workspace.") for text in outputs[3:])
    assert len(outputs) == 5


def test_a_kernel_of_jupyter_connects_to_the_workspace_when_it_is_first_needed(folder, connected, spark):
    count, _, y = in_jupyter(folder, "spark.range(3).count()", "%sql\nSELECT 2 AS y", "_sqldf.collect()[0].y")
    assert (count, y) == ("3", "2")


def test_spark_sql_and_files_are_those_of_the_workspace(folder, connected, catalog):
    w = WorkspaceClient()
    w.schemas.create("tasting", catalog)
    w.volumes.create(catalog, "tasting", "notes", VolumeType.MANAGED)
    path = f"/Volumes/{catalog}/tasting/notes"
    outcome = folder.run(
        "n = spark.range(3).count()",
        "%sql\nSELECT 'of more than one; the last is shown';\nSELECT :x AS x, 2 AS y;",
        "y = _sqldf.collect()[0].y",
        "display(spark.range(2))",
        f"dbutils.fs.put('{path}/a.txt', 'salt')",
        f"names = [file.name for file in dbutils.fs.ls('{path}')]\nhead = dbutils.fs.head('{path}/a.txt')",
        f"fs, path = dbutils.fs, '{path}'",
        "fs.mkdirs(f'{path}/old')\nfs.cp(f'{path}/a.txt', f'{path}/b.txt')",
        "fs.mv(f'{path}/a.txt', f'{path}/old/c.txt')",
        "left = [file.name.rstrip('/') for place in (path, f'{path}/old') for file in fs.ls(place)]",
        "fs.rm(f'{path}/old', recurse=True)\nfs.rm(f'{path}/b.txt')",
        "dbutils.notebook.exit([n, y, names, head, sorted(left), fs.ls(path)])",
        x="1",
    )
    assert outcome["result"] == "[3, 2, ['a.txt'], 'salt', ['b.txt', 'c.txt', 'old'], []]"
    w.schemas.delete(f"{catalog}.tasting", force=True)


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("spark.sql('SELECT 1')", True),
        ("%sql\nSELECT 1", True),
        ("%time spark.range(3).count()", True),
        ("spark = make()\nspark.range(3)", False),
        ("ws.spark.range(3)", False),
        ("print('spark')", False),
        ("sparkle", False),
    ],
)
def test_a_session_is_made_only_for_cells_that_need_it(source, needed):
    assert needs_spark(source) is needed
