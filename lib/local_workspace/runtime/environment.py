"""The environment variables of the processes that the workspace starts, and of the clients that use it.

A user's shell has settings for other work: another Spark, another Python, another workspace, a language, a time zone.
None of them may change what the workspace does. Proxies, certificates, folders and the user's own variables stay.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_LOOPBACK = ("localhost", "127.0.0.1")
# JPY_ is of the Jupyter that may have started us, PG of libpq; the last line is of web servers.
_PREFIXES = (
    *("DATABRICKS_", "ARM_", "GOOGLE_", "MLFLOW_"),
    *("SPARK_", "PYSPARK_", "HADOOP_", "HIVE_", "JAVA_", "_JAVA_", "JDK_"),
    *("PYTHON", "JUPYTER_", "JPY_", "IPYTHON", "MATPLOTLIB", "LC_", "PG"),
    *("UVICORN_", "GUNICORN_", "FLASK_", "STREAMLIT_", "GRADIO_"),
)
_NAMES = {"CLASSPATH", "FORWARDED_ALLOW_IPS", "LANG", "LANGUAGE", "MPLBACKEND", "TMPDIR", "TZ", "WEB_CONCURRENCY"}
_HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED"}
# As on Databricks. Without UTF-8 Java can't open files whose names aren't ASCII; macOS has no C.UTF-8.
_FIXED = {"LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8", "PYTHONUTF8": "1", "TZ": "UTC"}
# Variables that lead official clients to another workspace, even those that have this one's address.
_OF_OTHER_WORKSPACES = ("DATABRICKS_", "MLFLOW_TRACKING_", "MLFLOW_REGISTRY_", "MLFLOW_EXPERIMENT_")
# Variables that change how libpq connects to a given host.
_OF_OTHER_POSTGRES = {
    *("PGHOSTADDR", "PGSERVICE", "PGOPTIONS", "PGCHANNELBINDING", "PGREQUIREAUTH", "PGGSSENCMODE"),
    *("PGSSLMODE", "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLCERT", "PGSSLKEY", "PGSSLCERTMODE"),
}
_FOR_THE_USER = {"DATABRICKS_CONFIG_FILE"}  # a client that is given a profile by name needs it


def of_child(given: Mapping[str, str] | None = None, ambient: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The whole environment of a child process: `ambient` without the settings for other work, then `given`."""
    kept = {name: value for name, value in ambient.items() if not _of_other_work(name)}
    own = {"PATH": _path(ambient), **_python_path(ambient), **_temporary(ambient), **beside_proxy(ambient)}
    return kept | own | _FIXED | dict(given or {})


def of_client(
    connection: Mapping[str, str], ambient: Mapping[str, str] = os.environ
) -> tuple[dict[str, str], list[str]]:
    """The variables that a client's process has to set and those to unset, to reach this workspace and no other.

    `connection` has the workspace's variables, `ambient` those of that process.
    """
    added = {**connection, **beside_proxy(ambient)}
    elsewhere = {name for name in ambient if name.startswith(_OF_OTHER_WORKSPACES) or name in _OF_OTHER_POSTGRES}
    return added, sorted(elsewhere - added.keys() - _FOR_THE_USER)


def beside_proxy(ambient: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that name the hosts to reach without the proxy: those in `ambient`, and this machine."""
    listed = ambient.get("no_proxy") or ambient.get("NO_PROXY") or ""
    hosts = "*" if listed.strip() == "*" else _with_loopback(listed)  # only a * alone means every host
    found = {"no_proxy": hosts, "NO_PROXY": hosts}
    if hosts == "*" or "no_grpc_proxy" in ambient:  # gRPC reads this first, and does not support *
        found["no_grpc_proxy"] = _with_loopback(ambient.get("no_grpc_proxy", ""))
    return found


def _of_other_work(name: str) -> bool:
    return name not in _HARMLESS and (name in _NAMES or name.startswith(_PREFIXES))


def _path(ambient: Mapping[str, str]) -> str:
    """This Python's programs before any other's. The child has another working directory: all folders are absolute."""
    others = (ambient.get("PATH") or os.defpath).split(os.pathsep)
    return os.pathsep.join([str(Path(sys.executable).parent), *map(os.path.abspath, filter(None, others))])


def _python_path(ambient: Mapping[str, str]) -> dict[str, str]:
    """PYTHONPATH, if this package was found through it: that folder alone, as others may hide installed packages."""
    here = Path(__file__).parents[2]
    folders = map(Path, filter(None, ambient.get("PYTHONPATH", "").split(os.pathsep)))
    return {"PYTHONPATH": str(here)} if here.resolve() in {folder.resolve() for folder in folders} else {}


def _temporary(ambient: Mapping[str, str]) -> dict[str, str]:
    """TMPDIR, if it is writable: else Python would use another folder, and other programs would fail."""
    folder = ambient.get("TMPDIR", "")
    is_usable = os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)
    return {"TMPDIR": os.path.abspath(folder)} if is_usable else {}


def _with_loopback(hosts: str) -> str:
    return ",".join(dict.fromkeys([*filter(None, map(str.strip, hosts.split(","))), *_LOOPBACK]))
