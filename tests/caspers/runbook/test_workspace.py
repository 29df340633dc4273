"""The catalog that a run uses."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from caspers.platform.connection import Connection
from caspers.runbook.plan import Plan, load_plan
from caspers.runbook.workspace import in_existing_catalog
from catalog_server import Catalogs, serving


@pytest.fixture
def workspace() -> Iterator[Catalogs]:
    with serving() as server:
        yield server


@pytest.fixture
def plan(write_plan: Callable[..., Path]) -> Plan:
    return load_plan(write_plan({"one": []}, {"CATALOG": "caspersdev"}), "default")


@pytest.mark.parametrize(
    ("names", "given", "used"),
    [
        (("workspace",), (), "workspace"),
        (("workspace",), ("CATALOG=caspersdev",), "caspersdev"),
        (("caspersdev",), (), "caspersdev"),
        ((), (), "caspersdev"),
    ],
)
def test_a_run_uses_the_catalog_that_exists_and_says_so(workspace, plan, names, given, used) -> None:
    workspace.names, said = names, io.StringIO()
    found = Connection(f"http://127.0.0.1:{workspace.server_port}", "secret", home=Path("/home"))
    chosen = in_existing_catalog(plan, given, found, Console(file=said, width=200))
    assert chosen.parameters["CATALOG"] == used
    assert ("workspace" in said.getvalue()) == (used == "workspace")
    assert set(workspace.tokens) <= {"Bearer secret"}


def test_on_databricks_notebook_1_decides(plan) -> None:
    assert in_existing_catalog(plan, (), Connection("http://127.0.0.1:1"), Console()) is plan
