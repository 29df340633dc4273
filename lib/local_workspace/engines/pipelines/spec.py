"""Checks of a pipeline's spec, and the location of its sources."""

import re
from pathlib import Path

from local_workspace.engines.pipelines.documents import Library, Spec
from local_workspace.engines.pipelines.unsupported import (
    CLUSTER_REFUSED,
    DONE,
    LIBRARY_DONE,
    LIBRARY_REFUSED,
    REFUSED,
    WITHOUT_EFFECT,
)
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.home import Home
from local_workspace.runtime.refusals import refuse

SOURCE_KINDS = (".py", ".sql", ".ipynb")


def check(spec: Spec) -> None:
    """Raise ApiError for a spec that can't be run here, naming the field."""
    refuse(spec, DONE | WITHOUT_EFFECT, REFUSED)
    for cluster in spec.get("clusters", []):
        refuse(cluster, cluster.keys() - CLUSTER_REFUSED.keys(), CLUSTER_REFUSED, "clusters.")
    if not spec.get("name"):
        raise invalid("A pipeline needs a name")
    if spec.get("schema") and spec.get("target"):
        raise invalid("A pipeline has either `schema` or `target`; leave `target` out")
    if not re.fullmatch(r"\w+", schema_of(spec)):
        raise invalid("A pipeline needs a schema to publish to: an identifier in `schema`")
    if not spec.get("libraries"):
        raise invalid("A pipeline needs source files: libraries=[PipelineLibrary(glob=PathPattern(include=…))]")
    for library in spec["libraries"]:
        include_of(library)
        refuse(library, LIBRARY_DONE, LIBRARY_REFUSED, "libraries.")
        if len(named := sorted(name for name in LIBRARY_DONE if library.get(name))) > 1:
            raise invalid(f"A library has one of `file`, `glob` and `notebook`, and this one has {', '.join(named)}")


def schema_of(spec: Spec) -> str:
    """The schema that the tables are published to, or an empty string."""
    return spec.get("schema") or spec.get("target") or ""


def include_of(library: Library) -> str:
    """The workspace path or `folder/**` that a library names. Raises ApiError for other kinds of libraries."""
    notebook = library.get("notebook", {}).get("path")
    include = library.get("glob", {}).get("include") or library.get("file", {}).get("path") or notebook
    if not include:
        raise invalid(f"The local workspace runs source files (`glob`, `file` or `notebook`), not {sorted(library)}")
    return str(include)


def local_path(home: Home, workspace_path: str) -> Path:
    """The local path of a workspace path. Raises ApiError if it leads out of the workspace."""
    root = home.workspace_files.resolve()
    path = (root / workspace_path.removeprefix("/Workspace").lstrip("/")).resolve()
    if not path.is_relative_to(root):
        raise invalid(f"'{workspace_path}' is not a path in the workspace")
    return path


def source_files(home: Home, spec: Spec) -> list[Path]:
    """The Python, SQL and notebook files that the libraries name, sorted. Raises ApiError if a library names none."""
    return sorted({file for library in spec["libraries"] for file in _files(home, include_of(library))})


def _files(home: Home, include: str) -> list[Path]:
    path = _on_disk(local_path(home, include.removesuffix("/**")))
    files = [path] if path.is_file() else list(path.rglob("*")) if include.endswith("/**") else []
    sources = [file for file in files if file.suffix in SOURCE_KINDS]
    if path.is_file() and not sources:
        raise invalid(f"'{include}' is no source file: a pipeline's are {' and '.join(SOURCE_KINDS)}")
    if not sources:
        raise invalid(f"No source file matches '{include}' in the workspace")
    return sources


def _on_disk(path: Path) -> Path:
    """The path itself, or that of the notebook with this name in the workspace."""
    notebook = path.with_name(f"{path.name.removesuffix('.py')}.ipynb")
    return notebook if notebook.is_file() and not path.exists() else path


def source_directories(home: Home, spec: Spec) -> list[Path]:
    """The directories in volumes that the configuration names, in which new files can land."""
    values = [Path(value.removeprefix("file://")) for value in spec.get("configuration", {}).values()]
    return [path for path in values if path.is_absolute() and path.is_relative_to(home.volumes)]
