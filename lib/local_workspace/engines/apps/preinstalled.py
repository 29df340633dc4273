"""The libraries that an app finds on the platform without asking for them.

The list and its versions are those that the CLI installs for `apps run-local` (libs/apps/runlocal/python.go), from
https://docs.databricks.com/aws/en/dev-tools/databricks-apps/system-env. All of them are large: an app here gets those
that it imports or starts.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

_LIBRARIES = {  # by the module, or program, that each brings
    "databricks.sql": "databricks-sql-connector==3.7.3",
    "databricks.sdk": "databricks-sdk==0.33.0",
    "mlflow": "mlflow-skinny==2.16.2",
    "gradio": "gradio==4.44.0",
    "streamlit": "streamlit==1.38.0",
    "shiny": "shiny==1.1.0",
    "dash": "dash==2.18.1",
    "flask": "flask==3.0.3",
    "fastapi": "fastapi==0.115.0",
    "uvicorn": "uvicorn[standard]==0.30.6",
    "gunicorn": "gunicorn==23.0.0",
    "dash_ag_grid": "dash-ag-grid==31.2.0",
    "dash_mantine_components": "dash-mantine-components==0.14.4",
    "dash_bootstrap_components": "dash-bootstrap-components==1.6.0",
    "plotly": "plotly==5.24.1",
    "plotly_resampler": "plotly-resampler==0.10.0",
    # What these bring and apps import as well.
    **{name: name for name in ("httpx", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "requests", "starlette")},
}
_NOT_ITS_OWN = {"node_modules", ".venv"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def used(folder: Path, command: Sequence[str], requirements: Collection[str]) -> list[str]:
    """The requirements that an app's code and command have beyond its own `requirements`, whose versions win."""
    named = {_distribution(requirement) for requirement in requirements}
    wanted = {*command, *(module for file in _sources(folder) for module in _imports(file))}
    found = {library for module, library in _LIBRARIES.items() if _is_wanted(module, wanted)}
    return sorted(library for library in found if _distribution(library) not in named)


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.py") if not _NOT_ITS_OWN & {*path.relative_to(folder).parts}]


def _is_wanted(module: str, wanted: Collection[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for name in wanted)


def _imports(file: Path) -> Iterator[str]:
    """The modules that a file imports; none if it is no Python, which the app itself will say."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _distribution(requirement: str) -> str:
    """The name of a requirement, as registries compare names."""
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
