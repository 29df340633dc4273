"""Which part of local_workspace may import which, and that it stands alone."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "lib/local_workspace"
WEB = ("fastapi", "starlette", "uvicorn")


def rooms(*names: str) -> tuple[str, ...]:
    return tuple(f"local_workspace.{name}" for name in names)


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """File and module of every import in `folder`, those within functions too."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((str(path.relative_to(PACKAGE)), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} has a relative import"
                yield from ((str(path.relative_to(PACKAGE)), f"{node.module}.{alias.name}") for alias in node.names)


def within(*packages: str) -> Callable[[str], bool]:
    return lambda module: any(f"{module}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        (".", ("caspers", "refund_manager")),
        ("runtime", (*rooms("engines", "http", "pages", "routes", "service", "workers"), *WEB)),
        ("engines", (*rooms("http", "pages", "routes", "service"), *WEB)),
        ("routes", (*rooms("pages", "runtime.processes", "service"), "subprocess")),
        ("pages", (*rooms("runtime.processes", "service"), "subprocess")),
        ("http", rooms("pages", "routes", "service", "engines")),
    ],
)
def test_dependencies_point_one_way(room, forbidden):
    found = list(imports(PACKAGE / room))
    assert len(found) > 10
    assert [(file, module) for file, module in found if within(*forbidden)(module)] == []


def test_every_process_gets_its_environment_from_one_function():
    """None is started with whatever variables its user happens to have.

    A prepared Python has the environment that its owner gives.
    """
    calls = [
        (path.name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        for path in PACKAGE.rglob("*.py")
        if path.name != "prepared_python.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.Popen", "subprocess.run")
    ]
    assert len(calls) > 3
    assert [name for name, given in calls if not given.get("env", "").startswith("environment.of_child(")] == []


def test_it_names_nothing_of_those_who_use_it():
    words = ("caspers", "kitchen", "runbook")
    texts = {
        path.relative_to(PACKAGE): path.read_text().lower()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert [(path, word) for path, text in texts.items() for word in words if word in text] == []


def test_it_comes_up_alone(tmp_path):
    """A workspace in an environment that has nothing of this repository but a link to local_workspace."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "local_workspace").symlink_to(PACKAGE)
    # The environment's .pth file adds lib to the path: it is taken off again, and an import of the others is refused.
    (place / "sitecustomize.py").write_text(
        f"import sys\nsys.path[:] = [p for p in sys.path if p != {str(PACKAGE.parent)!r}]\n"
        "sys.modules['caspers'] = sys.modules['refund_manager'] = None\n"
    )
    hidden = ("CASPERS_", "DATABRICKS_", "LOCAL_WORKSPACE_", "PYTHONPATH", "COVERAGE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    env |= {"PYTHONPATH": str(place), "LOCAL_WORKSPACE_HOME": str(tmp_path / "home")}

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *argv], env=env, cwd=place, text=True, capture_output=True, check=False)

    proof = run("-c", "import local_workspace; print(local_workspace.__path__[0]); import caspers")
    assert str(place) in proof.stdout and "ModuleNotFoundError" in proof.stderr
    started = run("-m", "local_workspace", "up", "--json")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        connection = json.loads(started.stdout)
        health = run("-c", _HEALTH, connection["DATABRICKS_HOST"], connection["DATABRICKS_TOKEN"])
        assert json.loads(health.stdout)["failures"] == {}, health.stderr
    finally:
        stopped = run("-m", "local_workspace", "destroy")
    assert stopped.returncode == 0 and not (tmp_path / "home").exists()


_HEALTH = """
import sys, urllib.request
request = urllib.request.Request(f"{sys.argv[1]}/api/local/health", headers={"Authorization": f"Bearer {sys.argv[2]}"})
print(urllib.request.urlopen(request, timeout=60).read().decode())
"""
