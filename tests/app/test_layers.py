"""The app's code: its syntax, and the imports between its layers.

Pages call services, services call Postgres, never the other way round.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import refund_manager

ROOT = Path(refund_manager.__file__).parent
FORBIDDEN = {
    "domain": ("refund_manager.postgres", "refund_manager.services", "refund_manager.web", "fastapi", "psycopg"),
    "postgres": ("refund_manager.services", "refund_manager.web", "fastapi"),
    "services": ("refund_manager.web", "fastapi"),
    "web": ("refund_manager.postgres", "psycopg"),
}
ROUTES = [ROOT / "web" / "api.py", *sorted((ROOT / "web" / "pages").glob("[a-z]*.py"))]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_imports_nothing_above_or_beside_it(layer: str):
    files = sorted((ROOT / layer).rglob("*.py"))
    assert len(files) > 1
    wrong = [f"{file.name}: {name}" for file in files for name in imported(file) if name.startswith(FORBIDDEN[layer])]
    assert wrong == []


@pytest.mark.parametrize("file", ROUTES, ids=lambda file: file.stem)
def test_no_route_file_imports_another(file: Path):
    others = {f"refund_manager.{'.'.join(route.relative_to(ROOT).with_suffix('').parts)}" for route in ROUTES}
    assert [name for name in imported(file) if name in others or name.startswith("refund_manager.web.pages")] == []


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_syntax_is_that_of_databricks_apps(file: Path):
    """They run Python 3.11: https://docs.databricks.com/aws/en/dev-tools/databricks-apps/system-env."""
    ast.parse(file.read_text(), feature_version=(3, 11))
