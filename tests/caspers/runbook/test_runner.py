"""Runs of small plans with real kernels: what fails, what goes on, what is kept."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import AsyncMock

import nbformat
import pytest
from jupyter_client.provisioning import LocalProvisioner

from caspers.runbook.bundle import PlanError
from caspers.runbook.plan import Plan, load_plan
from caspers.runbook.runner import Runner, State

D, F, S = State.DONE, State.FAILED, State.SKIPPED


@pytest.fixture
def runner(tmp_path: Path) -> Callable[[Plan], Runner]:
    return lambda plan: Runner(plan, tmp_path / "runs", on_change=lambda _: None)


def states(runner: Runner) -> dict[str, State]:
    return {key: run.state for key, run in runner.runs.items()}


def printed(path: Path) -> list[str]:
    outputs = (output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", []))
    return [output.text.strip() for output in outputs if output.output_type == "stream"]


def test_a_broken_cell_stops_what_depends_on_it_and_nothing_else(write_plan, notebook, runner) -> None:
    plan = load_plan(
        write_plan({"good": [], "broken": ["good"], "after": ["broken"], "last": ["after", "side"], "side": ["good"]}),
        "default",
    )
    for key in ("good", "side", "after", "last"):
        notebook(key, "print('here')")
    notebook("broken", "print('before')", "cake = 1\nraise ValueError('no such cake')", "print('never')")
    run = runner(plan)
    assert run.run() is False
    assert states(run) == {"good": D, "side": D, "broken": F, "after": S, "last": S}
    failed = run.runs["broken"]
    assert (failed.failure.ename, failed.failure.evalue) == ("ValueError", "no such cake")
    assert (failed.failure.cell, failed.failure.source.splitlines()[0]) == (2, "cake = 1")
    assert printed(failed.output) == ["before"]
    assert printed(run.runs["side"].output) == ["here"]
    assert not run.runs["after"].output.exists()


def test_kernels_start_also_where_temporary_files_have_a_long_path(
    write_plan, notebook, runner, tmp_path, monkeypatch
) -> None:
    deep = tmp_path / ("è" * 60)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    notebook("only", "print('here')")
    run = runner(load_plan(write_plan({"only": []}), "default"))
    assert run.run() is True
    assert printed(run.runs["only"].output) == ["here"]


def test_a_kernel_is_not_interrupted_before_it_ends(write_plan, notebook, runner, monkeypatch) -> None:
    sent = []
    monkeypatch.setattr(LocalProvisioner, "send_signal", AsyncMock(side_effect=sent.append))
    notebook("only", "print('here')")
    run = runner(load_plan(write_plan({"only": []}), "default"))
    assert run.run() is True
    assert signal.SIGINT not in sent
    assert printed(run.runs["only"].output) == ["here"]


def test_two_ready_tasks_run_side_by_side(write_plan, notebook, runner, tmp_path) -> None:
    # Each waits for the other on a pipe: one after the other, the first would never end.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    alarm = "import signal; signal.alarm(60)"
    notebook("left", alarm, f"open({str(pipe)!r}, 'w').write('met')")
    notebook("right", alarm, f"print(open({str(pipe)!r}).read())")
    run = runner(load_plan(write_plan({"left": [], "right": []}), "default"))
    assert run.run()
    assert printed(run.runs["right"].output) == ["met"]


def test_a_task_starts_after_all_that_it_waits_for(write_plan, notebook, runner, tmp_path) -> None:
    log = tmp_path / "log"
    for key in "abcd":
        notebook(key, f"with open({str(log)!r}, 'a') as log: log.write({key!r})")
    assert runner(load_plan(write_plan({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}), "default")).run()
    assert log.read_text() in ("abcd", "acbd")


def test_only_declared_parameters_are_injected_and_others_keep_their_default(write_plan, notebook, runner) -> None:
    path = write_plan({"a": [], "none": []}, {"START_DAY": "70", "CATALOG": "dev", "COMPLAINT_RATE": "0.5"})
    notebook(
        "a",
        "print(START_DAY + 1, LIMIT, 'CATALOG' in globals(), COMPLAINT_RATE)",
        parameters="START_DAY = 5\nLIMIT = 9\nCOMPLAINT_RATE: float = 0.1  # share",
    )
    notebook("none", "print('START_DAY' in globals())")
    run = runner(load_plan(path, "default").with_parameters({"START_DAY": "41"}))
    assert run.run()
    assert printed(run.runs["a"].output) == ["42 9 False 0.5"]
    assert printed(run.runs["none"].output) == ["False"]


def test_solutions_of_exercises_are_left_out(write_plan, notebook, runner) -> None:
    notebook("a", "print('taught')", solution="print('solved')")
    run = runner(load_plan(write_plan({"a": []}), "default"))
    assert run.run()
    assert printed(run.runs["a"].output) == ["taught"]
    assert run.runs["a"].cells == 1


def test_a_notebook_runs_in_its_own_folder(write_plan, notebook, runner, tmp_path) -> None:
    notebook("a", "import os; print(os.getcwd())")
    before = os.getcwd()
    run = runner(load_plan(write_plan({"a": []}), "default"))
    assert run.run()
    assert printed(run.runs["a"].output) == [str(tmp_path / "notebooks")]
    assert os.getcwd() == before


@pytest.mark.parametrize(("code", "state"), [("", D), ("0", D), ("3", F)])
def test_sys_exit_ends_a_notebook_with_its_status(write_plan, notebook, runner, code: str, state: State) -> None:
    notebook("a", f"import sys; sys.exit({code})", "print('never')")
    run = runner(load_plan(write_plan({"a": []}), "default"))
    assert run.run() is (state is D)
    assert states(run) == {"a": state}
    assert "never" not in printed(run.runs["a"].output)


def test_a_kernel_that_dies_fails_its_task_and_keeps_what_ran(write_plan, notebook, runner) -> None:
    notebook("a", "print('alive')", "import os; os._exit(1)")
    notebook("b", "print('b')")
    run = runner(load_plan(write_plan({"a": [], "b": []}), "default"))
    assert run.run() is False
    assert states(run) == {"a": F, "b": D}
    assert run.runs["a"].failure.ename == "DeadKernelError"
    assert (run.runs["a"].failure.cell, run.runs["a"].failure.source) == (2, "import os; os._exit(1)")
    assert printed(run.runs["a"].output) == ["alive"]


def test_while_a_cell_runs_the_notebook_shows_what_ran_before_it(write_plan, notebook, runner, tmp_path) -> None:
    saved = tmp_path / "runs" / "a.ipynb"
    notebook("a", "print('first')", f"print('first' in open({str(saved)!r}).read())")
    run = runner(load_plan(write_plan({"a": []}), "default"))
    assert run.run()
    assert run.runs["a"].output == saved
    assert printed(saved) == ["first", "True"]


@pytest.mark.parametrize(("deaths", "state"), [(1, D), (2, F)])
def test_a_kernel_that_dies_at_its_start_gets_one_more_try(
    write_plan, notebook, runner, tmp_path, monkeypatch, deaths: int, state: State
) -> None:
    script = (
        "import os, sys, runpy\n"
        f"with open({str(tmp_path / 'starts')!r}, 'a+') as starts:\n"
        "    starts.write('x'); starts.seek(0); count = len(starts.read())\n"
        f"if count <= {deaths}: os._exit(1)\n"
        "runpy.run_module('ipykernel_launcher', run_name='__main__')"
    )
    spec = tmp_path / "jupyter" / "kernels" / "frail" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-c", script, "-f", "{connection_file}"],
                "display_name": "Frail",
                "language": "python",
            }
        )
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    notebook("a", "print('up')", kernel="frail")
    run = runner(load_plan(write_plan({"a": []}), "default"))
    assert run.run() is (state is D)
    assert len((tmp_path / "starts").read_text()) == 2
    if state is F:
        assert run.runs["a"].failure.cell == 0


def test_ctrl_c_interrupts_the_cell_and_leaves_no_kernel(write_plan, notebook, tmp_path) -> None:
    pid_file = tmp_path / "pid"
    notebook(
        "a",
        f"import os, threading; open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
        f"os.kill({os.getpid()}, 2); threading.Event().wait()",
    )
    notebook("b", "print('never')")
    run = Runner(load_plan(write_plan({"a": [], "b": ["a"]}), "default"), tmp_path / "runs", lambda _: None)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run.run()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert states(run) == {"a": State.INTERRUPTED, "b": State.WAITING}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


@pytest.mark.parametrize(("content", "message"), [(None, "is missing"), ("{not json", "is not a notebook")])
def test_a_wrong_notebook_is_an_error_before_anything_runs(
    write_plan, notebook, runner, tmp_path, content: str | None, message: str
) -> None:
    notebook("a", f"open({str(tmp_path / 'ran')!r}, 'w')")
    if content is not None:
        (tmp_path / "notebooks" / "b.ipynb").write_text(content)
    with pytest.raises(PlanError, match=f"Task b can't run: .*b.ipynb {message}"):
        runner(load_plan(write_plan({"a": [], "b": ["a"]}), "default")).run()
    assert not (tmp_path / "ran").exists()
