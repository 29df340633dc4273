"""Processes and kernels started here run this project's own Python, whatever the environment names."""

import importlib.util
import os
from collections.abc import MutableMapping
from pathlib import Path

_OF_OTHER_PYTHONS = ("PYTHON", "JUPYTER_PATH", "JUPYTER_PREFER_ENV_PATH", "IPYTHONDIR", "MPLBACKEND")
_HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED"}
_LIBRARY = str(Path(__file__).parents[2])


def keep_own_python(env: MutableMapping[str, str]) -> None:
    """Remove from `env` what leads Python to other packages or another text encoding, and set UTC, as on Databricks."""
    found_by_path = _LIBRARY in _python_path(env)
    for name in [name for name in env if name.startswith(_OF_OTHER_PYTHONS) and name not in _HARMLESS]:
        del env[name]
    env.update({"PYTHONUTF8": "1", "TZ": "UTC"} | ({"PYTHONPATH": _LIBRARY} if found_by_path else {}))


def check_installed(package: str) -> None:
    """Raise RuntimeError, naming the folder, if `package` comes from PYTHONPATH and not from this environment."""
    found = importlib.util.find_spec(package)
    origin = Path(found.origin or "") if found else Path()
    for folder in filter(None, _python_path(os.environ)):
        if origin.is_relative_to(Path(folder).absolute()):
            raise RuntimeError(
                f"The package {package} comes from {folder}, which PYTHONPATH names, and not from this project's "
                "environment. Unset PYTHONPATH, then start Jupyter or Python again."
            )


def _python_path(env: MutableMapping[str, str]) -> list[str]:
    return env.get("PYTHONPATH", "").split(os.pathsep)
