"""The runbook's command line: its options, and the command that each of them runs."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from caspers.platform import connection
from caspers.runbook import report
from caspers.runbook.bundle import PlanError
from caspers.runbook.plan import Plan, load_plan

PROBLEM, USAGE, INTERRUPTED = 1, 2, 130  # exit codes


def main(arguments: Sequence[str], root: Path) -> int:
    """Run the command that `arguments` name in the repository at `root`; returns the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a letter that the terminal's encoding lacks becomes a question mark
    options = _parser().parse_args(arguments)
    try:
        plan = _plan(options, root / "databricks.yml")
        return _command(options, plan, root)
    except PlanError as error:
        return _fail(str(error), USAGE)
    except (RuntimeError, ValueError, OSError) as error:  # settings, workspace or disk; the message says which
        return _fail(str(error), PROBLEM)
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runbook.py",
        description=(
            "Runs the notebooks of a target in parallel and leaves Casper's kitchens running. The targets, their tasks "
            "and parameters are defined in databricks.yml."
        ),
    )
    parser.add_argument("--target", help="all or default (refunds only); default: default, with --destroy --only: all")
    parser.add_argument(
        "-p", dest="parameters", metavar="NAME=VALUE", action="append", default=[], help="set a parameter; repeatable"
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--only", metavar="TASK", help="run this task alone; with --destroy: remove what it made")
    part.add_argument(
        "--from",
        dest="start",
        metavar="TASK",
        action="append",
        help="run this task and everything downstream; repeatable",
    )
    action = parser.add_mutually_exclusive_group()
    for name, text in (
        ("plan", "print the tasks and parameters, run nothing"),
        ("status", "list everything that was made, with its state"),
        ("env", "print shell lines that point the official clients at the workspace"),
        ("stop", "stop the local workspace; its data is kept"),
        ("destroy", "remove everything that was made"),
    ):
        action.add_argument(f"--{name}", dest="action", action="store_const", const=name, help=text)
    parser.add_argument("--json", action="store_true", help="with --status: print JSON")
    return parser


def _plan(options: argparse.Namespace, path: Path) -> Plan:
    if options.json and options.action != "status":
        raise PlanError("--json can be used with --status only.")
    plan = load_plan(path, _target(options)).with_parameters(_pairs(options.parameters))
    if options.only and options.action == "destroy":
        plan.downstream(options.only)
        return plan
    if options.only:
        return plan.only(options.only)
    return plan.starting(options.start) if options.start else plan


def _target(options: argparse.Namespace) -> str:
    """The target; one task is removed with all tasks in view that may use what it made."""
    return options.target or ("all" if options.action == "destroy" and options.only else "default")


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise PlanError(f"-p {text}: a parameter is set as NAME=VALUE.")
    return dict(text.split("=", 1) for text in texts)


def _command(options: argparse.Namespace, plan: Plan, root: Path) -> int:
    if options.action == "plan":
        report.print_plan(plan, report.open_console())
        return 0
    if options.action == "stop":
        connection.stop()
        print("The local workspace is stopped; its data is kept. `uv run runbook.py` starts it again.")
        return 0
    if options.action == "env":
        return _env()
    if options.action == "status":
        return _status(plan, options.json)
    if options.action == "destroy":
        return _destroy_task(plan, options.only) if options.only else _destroy(plan)
    from caspers.runbook.run import run_plan  # papermill takes seconds to import, so only for a run

    return run_plan(plan, options.parameters, root / "runs", report.open_console())


def _env() -> int:
    found = connection.current()
    if found is None:
        return _fail("The local workspace is not running; `uv run runbook.py` starts it.", PROBLEM)
    if found.unset:
        print(f"unset {' '.join(found.unset)}")
    for name, value in found.environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _status(plan: Plan, as_json: bool) -> int:
    found = connection.current()
    if found is None:
        if as_json:
            print("[]")
        return _fail("The local workspace is not running; `uv run runbook.py` starts it.", PROBLEM)
    from caspers.platform.links import links
    from caspers.platform.status import status
    from caspers.runbook.workspace import open_workbook

    ws = open_workbook(str(plan.parameters["CATALOG"]))
    entries = status(ws)
    if as_json:
        print(json.dumps(entries, indent=2))
    else:
        console = report.open_console()
        report.print_status(entries, found, console)
        report.print_links(links(ws, entries), found, console)
    return 0


def _destroy(plan: Plan) -> int:
    found = connection.current()
    problems: list[str] = []
    if found is not None:
        from caspers.platform.teardown import destroy
        from caspers.runbook.workspace import open_workbook

        problems = destroy(open_workbook(str(plan.parameters["CATALOG"])))
    if problems:
        return _fail(
            f"{_not_removed(problems)}\nFix the cause, then run --destroy again. On a laptop, "
            "--stop followed by --destroy removes the workspace's home as a whole.",
            PROBLEM,
        )
    if found is None or found.local:
        connection.destroy_home()
    print("Everything that the workbook made has been removed.")
    return 0


def _destroy_task(plan: Plan, task: str) -> int:
    if connection.current() is None:
        return _fail("The local workspace is not running; `uv run runbook.py` starts it.", PROBLEM)
    from caspers.platform.teardown import destroy_task
    from caspers.runbook.workspace import open_workbook

    later = [key for key in plan.tasks if key in plan.downstream(task)]
    problems = destroy_task(open_workbook(str(plan.parameters["CATALOG"])), task, later)
    if problems:
        return _fail(f"{_not_removed(problems)}\nFix the cause, then run the command again.", PROBLEM)
    print(f"What {task} made has been removed. Make it again with: uv run runbook.py --target all --only {task}")
    return 0


def _not_removed(problems: Sequence[str]) -> str:
    return "Not removed:\n  " + "\n  ".join(problems)


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
