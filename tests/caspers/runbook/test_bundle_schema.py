"""databricks.yml has only fields that bundles have, of the types that they have there.

The facts are those of the JSON schema which the `databricks` CLI publishes (`databricks bundle schema`, CLI of August
2026), for the fields that this file uses. The CLI takes unknown fields with a warning only, and ignores them.
"""

from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from caspers.config import REPO
from caspers.runbook.bundle import read_bundle

FILE = REPO / "databricks.yml"


@dataclass(frozen=True)
class Record:
    """The fields of an object by name; `required` has those that it can't lack."""

    fields: dict[str, Any]
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ByName:
    """An object whose keys are names that its author chooses."""

    value: Any


PARAMETER = Record({"name": str, "default": str}, frozenset({"name", "default"}))
ENVIRONMENT = Record(
    {"environment_key": str, "spec": Record({"environment_version": str, "dependencies": [str]})},
    frozenset({"environment_key"}),
)
TASK = Record(
    {
        "task_key": str,
        "environment_key": str,
        "depends_on": [Record({"task_key": str}, frozenset({"task_key"}))],
        "notebook_task": Record({"notebook_path": str}, frozenset({"notebook_path"})),
    },
    frozenset({"task_key"}),
)
JOB = Record(
    {
        "name": str,
        "queue": Record({"enabled": bool}, frozenset({"enabled"})),
        "performance_target": {"PERFORMANCE_OPTIMIZED", "STANDARD"},
        "environments": [ENVIRONMENT],
        "parameters": [PARAMETER],
        "tasks": [TASK],
    }
)
RESOURCES = Record({"jobs": ByName(JOB)})
BUNDLE = Record(
    {
        "bundle": Record({"name": str}, frozenset({"name"})),
        "workspace": Record({"root_path": str}),
        "variables": ByName(Record({"description": str, "default": str})),
        "resources": RESOURCES,
    }
)
TARGET = Record({"default": bool, "resources": RESOURCES})


def problems(node: Any, fact: Any, path: str) -> list[str]:
    """What in `node` the schema does not allow, each with its place."""
    match fact:
        case Record(fields, required):
            if not isinstance(node, dict):
                return [f"{path}: not an object"]
            found = [f"{path}: {name} is missing" for name in sorted(required - node.keys())]
            found += [f"{path}: there is no field {name}" for name in sorted(node.keys() - fields.keys())]
            inner = [problems(node[name], fields[name], f"{path}.{name}") for name in node.keys() & fields.keys()]
            return found + sum(inner, [])
        case ByName(value):
            return sum((problems(each, value, f"{path}.{name}") for name, each in node.items()), [])
        case [item]:
            return sum((problems(each, item, f"{path}[{place}]") for place, each in enumerate(node)), [])
        case set():
            return [] if node in fact else [f"{path}: {node!r} is none of {sorted(fact)}"]
        case _:
            return [] if type(node) is fact else [f"{path}: {node!r} is not a {fact.__name__}"]


@pytest.mark.parametrize("target", ["default", "all"])
def test_each_target_has_what_bundles_have(target: str) -> None:
    bundle = read_bundle(FILE, target)
    bundle.pop("default", None)  # the target's own field
    assert problems(bundle, BUNDLE, target) == []
    (job,) = bundle["resources"]["jobs"].values()
    keys = {each["environment_key"] for each in job["environments"]}
    assert {task["environment_key"] for task in job["tasks"]} == keys


def test_the_targets_add_what_targets_have() -> None:
    targets = yaml.safe_load(FILE.read_text())["targets"]
    assert problems(targets, ByName(TARGET), "targets") == []
    assert [name for name, target in targets.items() if target.get("default")] == ["default"]


def test_a_field_that_bundles_lack_is_found() -> None:
    wrong = {"tasks": [{"task_key": "a", "notebook": "x.ipynb"}, {"depends_on": []}], "queue": {"enabled": "yes"}}
    assert sorted(problems(wrong, JOB, "job")) == [
        "job.queue.enabled: 'yes' is not a bool",
        "job.tasks[0]: there is no field notebook",
        "job.tasks[1]: task_key is missing",
    ]
