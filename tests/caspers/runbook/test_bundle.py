from pathlib import Path

import pytest

from caspers.runbook.bundle import PlanError, merge, read_bundle


def test_a_target_joins_tasks_by_key_and_parameters_by_name() -> None:
    base = {"tasks": [{"task_key": "a", "x": 1, "libraries": ["l"]}], "parameters": [{"name": "P", "default": "1"}]}
    over = {
        "tasks": [{"task_key": "b"}, {"task_key": "a", "y": 2, "libraries": ["m"]}],
        "parameters": [{"name": "P", "default": "2"}],
    }
    assert merge(base, over) == {
        "tasks": [{"task_key": "a", "x": 1, "y": 2, "libraries": ["l", "m"]}, {"task_key": "b"}],
        "parameters": [{"name": "P", "default": "2"}],
    }


def test_a_target_may_set_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "databricks.yml"
    path.write_text("variables: {V: {default: a}}\nuses: x-${var.V}\ntargets: {one: {}, two: {variables: {V: b}}}\n")
    assert read_bundle(path, "one")["uses"] == "x-a"
    assert read_bundle(path, "two")["uses"] == "x-b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("targets: {one: {}, two: {}}", "no target 'all'.*Valid targets: one, two"),
        ("targets: [", "is not YAML"),
        ("just words", "is not a bundle"),
        ("uses: ${var.LOST}\ntargets: {all: {}}", "variable LOST, which has no value"),
    ],
)
def test_a_wrong_bundle_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "databricks.yml"
    path.write_text(text)
    with pytest.raises(PlanError, match=message):
        read_bundle(path, "all")


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="databricks.yml is missing"):
        read_bundle(tmp_path / "databricks.yml", "all")
