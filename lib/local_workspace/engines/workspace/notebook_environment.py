"""The environment that a notebook carries: the packages in Databricks' Environment side panel.

In a Jupyter notebook it is in the metadata, in source format it is a comment block as PEP 723 has them. A notebook task
with neither a cluster nor an `environment_key` uses it (the SDK's docstring of `JobSettings.environments`).
"""

import json
import re
import tomllib
from typing import Any

from local_workspace.runtime.errors import invalid
from local_workspace.runtime.refusals import Reasons, refuse

_METADATA = "application/vnd.databricks.v1+notebook"
_BLOCK = re.compile(r"# /// script\n((?:#(?: .*)?\n)*?)# ///(?:\n|\Z)")
_DONE = frozenset(("base_environment", "client", "dependencies", "environment_version"))
_REFUSED: Reasons = {"java_dependencies": "a local workspace installs Python packages only"}


def of_notebook(notebook: dict[str, Any]) -> dict[str, Any]:
    """The environment in the metadata of a notebook (nbformat 4, as a dict); empty if it has none."""
    metadata = notebook.get("metadata")
    own = metadata.get(_METADATA) if isinstance(metadata, dict) else None
    found = own.get("environmentMetadata") if isinstance(own, dict) else None
    return found if isinstance(found, dict) else {}


def as_metadata(environment: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a notebook that has this environment."""
    return {_METADATA: {"environmentMetadata": environment}} if environment else {}


def requirements(notebook: dict[str, Any]) -> list[str]:
    """The lines of requirements of a notebook's environment. Raises ApiError 400 that names what is not done."""
    environment = of_notebook(notebook)
    refuse(environment, {*_DONE, *environment} - _REFUSED.keys(), _REFUSED, "The notebook's environment: ")
    if base := environment.get("base_environment"):
        raise invalid(
            f"The notebook's environment has the base environment {base!r}, and a local workspace has none: "
            "put its packages into the environment's dependencies."
        )
    lines = environment.get("dependencies") or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise invalid("The dependencies of the notebook's environment are not a list of texts.")
    return lines


def version(notebook: dict[str, Any]) -> str | None:
    """The version of a notebook's environment, such as "4", of which `client` is the older name; None without one."""
    environment = of_notebook(notebook)
    return environment.get("environment_version") or environment.get("client")


def split_source(text: str) -> tuple[dict[str, Any], str]:
    """The environment at the beginning of a notebook in source format, after its header, and the text behind it."""
    match = _BLOCK.match(text)
    if match is None:
        return {}, text
    try:
        block = tomllib.loads(re.sub("^# ?", "", match[1], flags=re.MULTILINE))
    except tomllib.TOMLDecodeError:
        return {}, text  # a comment of the user's
    tool = block.get("tool")
    own = tool.get("databricks") if isinstance(tool, dict) else None
    found = own.get("environment") if isinstance(own, dict) else None
    return (found, text[match.end() :]) if isinstance(found, dict) else ({}, text)


def as_source(notebook: dict[str, Any]) -> str:
    """The lines with which a notebook in source format begins, after its header: empty without an environment."""
    environment = {name: value for name, value in of_notebook(notebook).items() if name in _DONE and value}
    if not environment:
        return ""
    # Texts, and lists of them, are the same in JSON and TOML.
    lines = [f"{name} = {json.dumps(value)}" for name, value in environment.items()]
    return "".join(f"# {line}\n" for line in ("/// script", "[tool.databricks.environment]", *lines, "///"))
