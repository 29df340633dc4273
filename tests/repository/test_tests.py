"""How tests are written, read from their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted(path.relative_to(TESTS) for path in TESTS.rglob("*.py"))
OWN = ("self", "cls", "row")  # an object's own; a row's columns


def test_tests_use_public_names_only() -> None:
    assert [f"{file}:{node.lineno} {ast.unparse(node)}" for file in FILES for node in private_names(file)] == []


def test_tests_wait_for_conditions_and_not_for_time() -> None:
    calls = [
        (file, ast.unparse(node.func))
        for file in FILES
        for node in ast.walk(ast.parse((TESTS / file).read_text()))
        if isinstance(node, ast.Call)
    ]
    sleeps = [(str(file), call) for file, call in calls if call.endswith("sleep")]
    assert sleeps == [("support/waiting.py", "time.sleep")]


def private_names(file: Path) -> Iterator[ast.Attribute | ast.ImportFrom]:
    """Private attributes of other objects, and imports of private names."""
    for node in ast.walk(ast.parse((TESTS / file).read_text())):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) not in OWN:
            yield node
        if isinstance(node, ast.ImportFrom) and any(is_private(alias.name) for alias in node.names):
            yield node


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"
