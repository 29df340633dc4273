"""What the runbook prints: the plan, the failures, what a run leaves to open and to type, the status."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from caspers.platform.connection import Connection
from caspers.platform.status import MISSING, Entry
from caspers.runbook.plan import Plan

if TYPE_CHECKING:  # papermill takes seconds to import, so only for a run
    from caspers.runbook.runner import TaskRun

SOURCE_LINES = 6  # of a failing cell
UNBOUNDED = 10_000  # columns
PROBLEMS = ("ERROR", MISSING)


def open_console() -> Console:
    """A console on standard output; in a file or pipe lines are as long as they need to be."""
    console = Console()
    return console if console.is_terminal else Console(width=UNBOUNDED)


def print_plan(plan: Plan, console: Console) -> None:
    """The tasks in running order with what each waits for, then the parameters."""
    tasks = _table("Task", "waits for", "notebook")
    for task in plan.tasks.values():
        tasks.add_row(task.key, ", ".join(task.depends_on) or "–", task.notebook.name)
    values = _table("Parameter", "value")
    for name, value in plan.parameters.items():
        values.add_row(name, str(value))
    _print(console, f"{plan.job_name}, target {plan.target}: {len(plan.tasks)} tasks\n")
    console.print(tasks)
    _print(console, "")
    console.print(values)


def print_failures(runs: Iterable["TaskRun"], console: Console) -> None:
    """Each failed task's error, the head of its cell, and the path of the executed notebook."""
    for run in runs:
        if run.failure is None:
            continue
        failure = run.failure
        place = f"in cell {failure.cell} of {run.cells}" if failure.cell else "before its first cell"
        _print(console, f"\n{run.task.key} failed {place}: {failure.ename}: {_message(failure.evalue)}")
        for line in _head(failure.source):
            _print(console, f"    {line}")
        _print(console, f"  Executed notebook: {run.output}")


def print_next(words: str, command: str, console: Console) -> None:
    """Print `words` and below them the command to continue with."""
    _print(console, f"\n{words}\n  {command}")


def print_outcome(entries: Sequence[Entry], console: Console) -> None:
    """How many things there are, and those among them that their service does not know or reports an error for."""
    _print(console, f"\nCasper's kitchens are running: {len(entries)} tables, jobs, endpoints and more.")
    for entry in entries:
        if entry["state"].startswith(PROBLEMS):
            _print(console, f"  {entry['type']} {entry['name']}: {entry['state']}")


def print_commands(catalog: Sequence[str], console: Console) -> None:
    """What to type next; `catalog` are the options that name another catalog than the default one."""
    commands = {
        "uv run jupyter lab notebooks/00_start_here.ipynb": "step through the notebooks",
        shlex.join(["uv", "run", "runbook.py", "--status", *catalog]): "list everything that was made, with its state",
        "uv run runbook.py --stop": "stop every process; the data is kept, and the next run continues",
    }
    _print(console, "\nType next:")
    width = max(map(len, commands))
    for command, effect in commands.items():
        _print(console, f"  {command:<{width}}  # {effect}")


def print_status(entries: Sequence[Entry], connection: Connection, console: Console) -> None:
    """The workspace, then each resource with its state, its rows or its URL."""
    table = _table("Type", "name", "state", "rows", "where")
    table.add_row("workspace", "", "RUNNING", "", connection.host)
    table.add_row("mlflow", "", "RUNNING", "", connection.mlflow_tracking_uri)
    for entry in entries:
        rows = f"{entry['rows']:,}" if entry.get("rows") is not None else ""
        table.add_row(entry["type"], entry["name"], entry["state"], rows, _without_password(entry["url"] or ""))
    _print(console, "")
    console.print(table)


def print_links(links: Mapping[str, str], connection: Connection, console: Console) -> None:
    """Print links for a browser, by what they open; those of a local workspace sign it in."""
    hint = " (each link signs you in once, within 10 minutes; --status prints new ones)" if connection.local else ""
    _print(console, f"\nOpen in a browser{hint}:")
    width = max(map(len, links))
    for name, link in links.items():
        _print(console, f"  {name:<{width}}  {link}")


def _without_password(url: str) -> str:
    """`url` as it may stand on a screen."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}").geturl()


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _message(text: str) -> str:
    """An error's text without the server's stack trace, which the executed notebook has."""
    return text.partition("\n\nJVM stacktrace")[0].rstrip()


def _head(source: str) -> list[str]:
    lines = source.splitlines()
    return lines[:SOURCE_LINES] + (["…"] if len(lines) > SOURCE_LINES else [])


def _print(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
