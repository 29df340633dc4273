"""The command line as a user sees it: its own process, its messages, its exit codes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from caspers.runbook.plan import load_plan
from caspers.runbook.progress import Progress
from caspers.runbook.run import run_notebooks
from caspers.runbook.runner import Runner

ROOT = Path(__file__).parents[3]


@pytest.fixture
def runbook(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls runbook.py with a home where nothing runs."""
    hidden = ("DATABRICKS_", "CASPERS_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    environment["CASPERS_HOME"] = str(tmp_path / "home")

    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, ROOT / "runbook.py", *arguments],
            env=environment | more,
            text=True,
            capture_output=True,
            check=False,
            cwd=tmp_path,
        )

    return call


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_the_plan_is_printed_on_a_terminal_without_utf_8(runbook, encoding) -> None:
    result = runbook("--plan", "--target", "all", PYTHONIOENCODING=encoding)
    assert result.returncode == 0 and "Lakebase_Reverse_ETL" in result.stdout, result.stderr


def test_other_packages_on_the_python_path_are_not_imported(runbook, tmp_path) -> None:
    (tmp_path / "other/rich").mkdir(parents=True)
    (tmp_path / "other/rich/__init__.py").write_text("raise ImportError('old')")
    result = runbook("--plan", PYTHONPATH=str(tmp_path / "other"))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "half"], "no target 'half' in databricks.yml. Valid targets: default, all"),
        (["--only", "Complaint_Agent"], "no task 'Complaint_Agent'. Valid tasks: Canonical_Data"),
        (["--destroy", "--only", "Lunch"], "Target 'all' has no task 'Lunch'. Valid tasks: Canonical_Data"),
        (["--from", "Lunch"], "no task 'Lunch'. Valid tasks: Canonical_Data"),
        (["-p", "START=1"], "no parameter 'START'. Valid parameters: CATALOG"),
        (["-p", "COMPLAINT_RATE=0.1"], "Target 'default' has no parameter 'COMPLAINT_RATE'"),
        (
            ["--target", "all", "-p", "COMPLAINT_RATE=2"],
            "COMPLAINT_RATE='2' is not valid: it must be a number from 0 to 1",
        ),
        (["-p", "START_DAY=ninety"], "START_DAY='ninety' is not valid: it must be a whole number from 0 to 89"),
        (["-p", "CATALOG=my-dev"], "CATALOG='my-dev' is not valid"),
        (["-p", "CATALOG"], "-p CATALOG: a parameter is set as NAME=VALUE"),
        (["--json"], "--json can be used with --status only"),
        (["--only", "Canonical_Data", "--from", "Canonical_Data"], "not allowed with argument"),
        (["--plan", "--stop"], "not allowed with argument"),
    ],
)
def test_a_wrong_question_is_answered_before_anything_starts(runbook, tmp_path, arguments, message) -> None:
    result = runbook(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "home").exists()


def test_plan_prints_tasks_dependencies_and_parameters_and_runs_nothing(runbook, tmp_path) -> None:
    result = runbook("--target", "all", "--plan", "-p", "START_DAY=3")
    assert result.returncode == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [
        "Complaint_Agent_Stream",
        "Complaint_Agent,",
        "Complaint_Generator_Stream",
        "07_complaint_agent_stream.ipynb",
    ] in lines
    assert ["START_DAY", "3"] in lines
    assert ["COMPLAINT_RATE", "0.15"] in lines
    assert not (tmp_path / "home").exists()


def test_plan_of_default_knows_no_complaints(runbook) -> None:
    result = runbook("--plan")
    assert result.returncode == 0
    assert "Databricks_App_Refund_Manager" in result.stdout
    assert "complaint" not in result.stdout.lower()


def test_plan_from_a_task_on(runbook) -> None:
    result = runbook("--plan", "--from", "Lakebase_Reverse_ETL")
    assert "Databricks_App_Refund_Manager" in result.stdout
    assert "Canonical_Data" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["--env"], ""),
        (["--status"], ""),
        (["--status", "--json"], "[]\n"),
        (["--destroy", "--only", "Complaint_Agent"], ""),
    ],
)
def test_without_a_workspace_there_is_nothing_to_show(runbook, tmp_path, arguments, output) -> None:
    result = runbook(*arguments)
    assert (result.returncode, result.stdout) == (1, output)
    assert "not running" in result.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("action", ["--stop", "--destroy"])
def test_stop_and_destroy_do_for_a_home_that_never_was(runbook, tmp_path, action) -> None:
    result = runbook(action)
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "home").exists()


def run(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, str]:
    """Exit code and output of the notebooks of a small plan, as without a terminal."""
    plan, console = load_plan(path, "default"), Console()
    progress = Progress(console)
    runner = Runner(plan, tmp_path / "runs", progress.changed)
    code = run_notebooks(runner, plan, given, progress, console)
    return code, capsys.readouterr().out


def test_a_failure_is_shown_with_its_cell_its_notebook_and_the_way_on(write_plan, notebook, tmp_path, capsys) -> None:
    path = write_plan({"a": [], "bad": ["a"], "after": ["bad"], "worse": ["a"]})
    notebook("a", "1")
    notebook("after", "1")
    notebook("bad", "1", "\n".join(f"line = {number}" for number in range(9)) + "\n[][1]")
    notebook("worse", "raise OSError('[no] bread')")
    code, output = run(path, tmp_path, capsys, "CATALOG=my dev")
    assert code == 1
    assert "bad failed in cell 2 of 2: IndexError: list index out of range\n    line = 0\n" in output
    assert "    line = 5\n    …\n" in output
    assert f"Executed notebook: {tmp_path}/runs/bad.ipynb" in output
    assert "worse failed in cell 1 of 1: OSError: [no] bread" in output
    assert "uv run runbook.py --target default -p 'CATALOG=my dev' --from bad --from worse\n" in output


def test_without_a_terminal_each_change_of_state_is_a_line(write_plan, notebook, tmp_path, capsys) -> None:
    path = write_plan({"a": [], "b": ["a"]})
    notebook("a", "1")
    notebook("b", "1")
    code, output = run(path, tmp_path, capsys)
    assert code == 0
    words = [line.split()[1:3] for line in output.splitlines()]
    assert words == [["a", "running"], ["a", "done"], ["b", "running"], ["b", "done"]]
