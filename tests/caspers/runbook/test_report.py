import io
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

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


def test_links_stand_below_each_other_and_whole() -> None:
    console = Console(file=io.StringIO(), width=40)
    report.print_links({"workspace": "http://127.0.0.1:1/login?code=" + "x" * 60, "desk": "http://b"}, console)
    assert console.file.getvalue().splitlines()[2:] == [
        "  workspace  http://127.0.0.1:1/login?code=" + "x" * 60,
        "  desk       http://b",
    ]
