"""The `app.yaml` of a deployed folder: its command and environment."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from local_workspace.engines.apps import node
from local_workspace.engines.apps.documents import EnvEntry, Resource
from local_workspace.engines.postgres.names import ENDPOINT
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.text_files import read_text

_NAMES = ("app.yaml", "app.yml")
_OF_VARIABLES = ("name", "value", "valueFrom", "value_from")

Reveal = Callable[[str], str]
"""The secret that `{{secrets/scope/key}}` refers to. Raises ApiError 404."""


@dataclass(frozen=True)
class AppSource:
    """The command to run and the variables to set, each with a `value` or a `valueFrom` (a resource's name)."""

    command: list[str]
    env: list[EnvEntry] = field(default_factory=list)


def read_source(folder: Path) -> AppSource:
    """Read a folder's `app.yaml`. Raises 400 for a wrong one, or if there is no command.

    Without a command npm runs `start` of a package.json, else Python the folder's first `.py` file
    (https://docs.databricks.com/aws/en/dev-tools/databricks-apps/app-runtime).
    """
    file = next((folder / name for name in _NAMES if (folder / name).is_file()), None)
    if file is None:
        return AppSource(_default_command(folder))
    try:
        # Every value as it is written: `true` is no True, and 1e3 no number.
        spec = yaml.load(read_text(file, file.name), Loader=yaml.BaseLoader) or {}
    except (yaml.YAMLError, RecursionError) as error:
        raise invalid(f"{file.name} is not YAML: {error}") from None
    if not isinstance(spec, dict):
        raise invalid(f"{file.name} must be a mapping with `command` and `env`.")
    command, env = spec.get("command") or [], spec.get("env") or []
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise invalid(f'{file.name}: `command` must be a list of words, such as ["uvicorn", "main:app"].')
    if not isinstance(env, list) or not all(map(_is_variable, env)):
        raise invalid(
            f"{file.name}: each entry of `env` needs a `name` without '=', and a text as `value` or `valueFrom`."
        )
    return AppSource(command or _default_command(folder), env)


def _is_variable(entry: object) -> bool:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key, ""), str) for key in _OF_VARIABLES):
        return False
    return bool(entry.get("name")) and "=" not in entry["name"]


def _default_command(folder: Path) -> list[str]:
    if node.is_node(folder):
        return node.START
    programs = sorted(path.name for path in folder.glob("*.py"))
    if not programs:
        raise invalid("The app's folder has neither a `command` in app.yaml nor a .py file. Add one of them.")
    return ["python", programs[0]]


def variables(entries: list[EnvEntry], resources: list[Resource], reveal: Reveal) -> dict[str, str]:
    """The values of `env` entries. Raises 400 for a `valueFrom` that names no resource of the app, 404 for a secret."""
    known = {resource["name"]: resource for resource in resources}
    values = {}
    for entry in entries:
        key = entry.get("valueFrom") or entry.get("value_from")
        if key and key not in known:
            raise invalid(
                f"The variable {entry['name']} takes its value from {key!r}; the app's resources are "
                f"{sorted(known) or 'none'}."
            )
        values[entry["name"]] = resource_value(known[key], reveal) if key else str(entry.get("value", ""))
    return values


def resource_value(resource: Resource, reveal: Reveal) -> str:
    """What `valueFrom` gives for a resource, as Databricks documents it.

    Raises 400 for a kind that isn't here, 404 for a secret that does not exist.
    """
    if "secret" in resource:
        return reveal(f"{{{{secrets/{resource['secret']['scope']}/{resource['secret']['key']}}}}}")
    if "postgres" in resource:
        return f"{resource['postgres']['branch']}/endpoints/{ENDPOINT}"
    for kind, attribute in (
        ("sql_warehouse", "id"),
        ("serving_endpoint", "name"),
        ("job", "id"),
        ("experiment", "experiment_id"),
        ("uc_securable", "securable_full_name"),
        ("app", "name"),
    ):
        if kind in resource:
            return str(resource[kind][attribute])
    raise invalid(f"The resource {resource['name']!r} is of a kind that a local workspace can't provide.")


def argv(command: list[str], env: Mapping[str, str]) -> list[str]:
    """The words to execute: the program found on PATH, `$DATABRICKS_APP_PORT` filled in. Raises 400."""
    words = [word.replace("$DATABRICKS_APP_PORT", env["DATABRICKS_APP_PORT"]) for word in command]
    program = shutil.which(words[0], path=env["PATH"])
    if program is None:
        raise invalid(f"The app's command starts with {words[0]!r}, and there is no such program.")
    return [program, *words[1:]]
