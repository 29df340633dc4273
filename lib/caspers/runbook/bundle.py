"""Reads a Databricks asset bundle as `databricks bundle` does: a target over the shared part, variables filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$\{var\.([A-Za-z0-9_-]+)\}")

# Databricks joins these lists of a job by the key of their items; any other list of a target is appended.
LIST_KEYS = {"tasks": "task_key", "parameters": "name"}


class PlanError(Exception):
    """The plan or an option is wrong; the message says what, and what to do."""


def read_bundle(path: Path, target: str) -> dict[str, Any]:
    """The bundle in file `path` as `target` sees it.

    Raises PlanError if the file can't be read, the target is not in it, or a variable has no value.
    """
    bundle = _load(path)
    targets = bundle.pop("targets", None) or {}
    if target not in targets:
        raise PlanError(f"There is no target {target!r} in {path.name}. Valid targets: {', '.join(targets)}.")
    merged: dict[str, Any] = merge(bundle, targets[target] or {})
    filled: dict[str, Any] = _fill(merged, _variables(merged), path)
    return filled


def merge(base: Any, over: Any, name: str = "") -> Any:
    """`base` overridden by `over`: mappings key by key, tasks and parameters by their names, other lists appended."""
    if isinstance(base, dict) and isinstance(over, dict):
        merged = {key: merge(value, over[key], key) if key in over else value for key, value in base.items()}
        return merged | {key: value for key, value in over.items() if key not in base}
    if isinstance(base, list) and isinstance(over, list):
        return _merge_lists(base, over, LIST_KEYS.get(name))
    return over


def _merge_lists(base: list[Any], over: list[Any], key: str | None) -> list[Any]:
    if key is None:
        return base + over
    items: dict[str, Any] = {}
    for item in base + over:
        items[item[key]] = merge(items[item[key]], item) if item[key] in items else item
    return list(items.values())


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        raise PlanError(f"{path} is missing: it defines the targets and their tasks.") from None
    except yaml.YAMLError as error:
        raise PlanError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise PlanError(f"{path} is not a bundle: it must contain a mapping.")
    return content


def _variables(bundle: dict[str, Any]) -> dict[str, str]:
    declared = bundle.get("variables") or {}
    values = {name: value.get("default") if isinstance(value, dict) else value for name, value in declared.items()}
    return {name: str(value) for name, value in values.items() if value is not None}


def _fill(node: Any, variables: dict[str, str], path: Path) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, variables, path) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, variables, path) for value in node]
    if isinstance(node, str):
        return VARIABLE.sub(lambda match: _value(match[1], variables, path), node)
    return node


def _value(name: str, variables: dict[str, str], path: Path) -> str:
    if name not in variables:
        raise PlanError(f"{path.name} uses the variable {name}, which has no value there.")
    return variables[name]
