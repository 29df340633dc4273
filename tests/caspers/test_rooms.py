"""Which package of `caspers` may import which: dependencies point one way. Imports for type hints are free."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import caspers

LIBRARY = Path(caspers.__file__).parent
MAY_IMPORT = {
    "platform": set(),
    "refunds": set(),
    "canonical": set(),
    "complaints": {"refunds", "canonical"},
    "replay": {"canonical"},
    "runbook": {"platform"},
    "agents": {"refunds", "complaints", "platform"},
    "streams": {"refunds", "complaints", "platform", "agents"},
    "standin": {"refunds", "complaints", "platform", "agents"},
    "evaluation": {"refunds", "complaints", "platform", "agents", "standin"},
}


def imported(tree: ast.AST) -> Iterator[str]:
    """The packages of `caspers` that a module imports, also within its functions."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                dotted = [each.name for each in names]
            case ast.ImportFrom(module=str(module), names=names):
                dotted = [f"{module}.{each.name}" for each in names]
            case _:
                yield from imported(node)
                continue
        yield from (name.split(".")[1] for name in dotted if name.startswith("caspers."))


def packages() -> set[str]:
    return {file.parent.name for file in LIBRARY.glob("*/__init__.py")}


def test_every_package_is_in_the_table():
    assert packages() == set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_those_below_it(package):
    wrong = {
        f"{file.relative_to(LIBRARY)} imports {name}"
        for file in (LIBRARY / package).rglob("*.py")
        for name in imported(ast.parse(file.read_text()))
        if name in packages() - MAY_IMPORT[package] - {package}
    }
    assert wrong == set()


def test_imports_within_functions_count_and_those_for_type_hints_do_not():
    source = """
if TYPE_CHECKING:
    from caspers.agents import loop
def late():
    import caspers.standin.chat
    from caspers import platform
"""
    assert list(imported(ast.parse(source))) == ["standin", "platform"]
