import io
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from caspers.platform.connection import Connection
from caspers.runbook import report
from caspers.runbook.notebook import NotebookFailed


def test_a_failure_is_told_without_the_servers_stack_trace() -> None:
    failure = NotebookFailed("AnalysisException", "no such table\n\nJVM stacktrace:\norg.apache.spark", "ws.sql()", 3)
    run = SimpleNamespace(failure=failure, task=SimpleNamespace(key="Bake"), cells=7, output=Path("runs/1/bake.ipynb"))
    console = Console(file=io.StringIO(), width=200)
    report.print_failures([run], console)
    assert console.file.getvalue().splitlines()[1:] == [
        "Bake failed in cell 3 of 7: AnalysisException: no such table",
        "    ws.sql()",
        "  Executed notebook: runs/1/bake.ipynb",
    ]


LAPTOP = Connection("http://127.0.0.1:1", "a-token", home=Path(".caspers"))


def printed(width: int = 200) -> Console:
    return Console(file=io.StringIO(), width=width)


def test_links_stand_below_each_other_and_whole() -> None:
    console = printed(width=40)
    report.print_links({"workspace": "http://127.0.0.1:1/login?code=" + "x" * 60, "desk": "http://b"}, LAPTOP, console)
    assert console.file.getvalue().splitlines()[2:] == [
        "  workspace  http://127.0.0.1:1/login?code=" + "x" * 60,
        "  desk       http://b",
    ]


def test_an_outcome_names_only_what_has_a_problem() -> None:
    entries = [
        {"type": "job", "name": "Replay", "task": "Bake", "state": "SCHEDULED", "url": None},
        {"type": "table", "name": "a.b.c", "task": "Bake", "state": "MISSING", "url": None},
        {"type": "app", "name": "desk", "task": "Bake", "state": "ERROR no answer", "url": None},
    ]
    console = printed()
    report.print_outcome(entries, console)
    lines = console.file.getvalue().splitlines()[1:]
    assert lines[0].startswith("Casper's kitchens are running: 3 ")
    assert lines[1:] == ["  table a.b.c: MISSING", "  app desk: ERROR no answer"]


def test_the_commands_name_a_catalog_that_is_not_the_default_one() -> None:
    console = printed()
    report.print_commands(["-p", "CATALOG=my_kitchens"], console)
    assert "uv run runbook.py --status -p CATALOG=my_kitchens " in console.file.getvalue()


def test_the_status_shows_no_password() -> None:
    url = "postgresql://you%40localhost:s3cret@127.0.0.1:5432/caspers?sslmode=require"
    console = printed()
    entry = {"type": "postgres_project", "name": "p", "task": "Bake", "state": "ACTIVE", "url": url}
    report.print_status([entry], LAPTOP, console)
    assert "postgresql://you%40localhost@127.0.0.1:5432/caspers?sslmode=require" in console.file.getvalue()
    assert "s3cret" not in console.file.getvalue() and "a-token" not in console.file.getvalue()
