"""One run from start to end: start the workspace, run the notebooks, report failures or what there is to open."""

import os
import shlex
import signal
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from rich.console import Console

from caspers.platform import connection, environment
from caspers.runbook import kernels, report
from caspers.runbook.plan import Plan
from caspers.runbook.progress import Progress
from caspers.runbook.runner import Runner, State, TaskRun
from caspers.runbook.workspace import in_existing_catalog, open_workbook


def run_plan(plan: Plan, given: Sequence[str], folder: Path, console: Console) -> int:
    """Start the workspace and run `plan`; `given` are its -p texts. Returns the exit code.

    Raises PlanError if a notebook is missing, RuntimeError if the workspace can't be started.
    """
    progress = Progress(console)
    executed = _new_folder(folder)
    Runner(plan, executed, progress.changed)  # finds missing notebooks before anything is started
    environment.keep_own_python(os.environ)  # for the kernels
    kernels.prepare()  # while the workspace starts
    found = connection.ensure()
    plan = in_existing_catalog(plan, given, found, console)
    runner = Runner(plan, executed, progress.changed)
    os.environ["CASPERS_RUN"] = executed.name  # for the kernels: each run has a budget of its own
    code = run_notebooks(runner, plan, given, progress, console)
    if code == 0:
        from caspers.platform import home_page
        from caspers.platform.links import links
        from caspers.platform.status import status

        ws = open_workbook(str(plan.parameters["CATALOG"]))
        home_page.show_notebooks(ws)
        entries = status(ws)
        report.print_outcome(entries, console)
        report.print_links(links(ws, entries), found, console)
        report.print_commands(_catalog_options(given), console)
    return code


def _catalog_options(given: Sequence[str]) -> list[str]:
    return [option for text in given if text.startswith("CATALOG=") for option in ("-p", text)]


def run_notebooks(runner: Runner, plan: Plan, given: Sequence[str], progress: Progress, console: Console) -> int:
    """Run the notebooks of `runner` and print what failed and how to continue; returns the exit code.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, once every kernel has ended.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with progress.show(runner.runs):
            done = runner.run()
    except KeyboardInterrupt:
        report.print_failures(runner.runs.values(), console)
        report.print_next("Stopped. Continue with:", _continuation(plan, given, runner.runs.values()), console)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if not done:
        report.print_failures(runner.runs.values(), console)
        report.print_next(
            "Fix the cause, then continue with:", _continuation(plan, given, runner.runs.values()), console
        )
    return 0 if done else 1


def _continuation(plan: Plan, given: Sequence[str], runs: Collection[TaskRun]) -> str:
    """The command that continues from each unfinished task whose dependencies are done."""
    open_keys = {run.task.key for run in runs if run.state is not State.DONE}
    first = [run.task.key for run in runs if run.task.key in open_keys and not open_keys & set(run.task.depends_on)]
    options = ["--target", plan.target]
    for text in given:
        options += ["-p", text]
    for key in first:
        options += ["--from", key]
    return shlex.join(["uv", "run", "runbook.py", *options])


def _new_folder(parent: Path) -> Path:
    """An unused path in `parent`, named after the current time."""
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    candidates = (parent / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(path for path in candidates if not path.exists())
