"""The Spark session of a notebook or a file, made when it is first needed."""

import os
from pathlib import Path

_NAMING = ("SPARK_REMOTE", "DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE")


class NoWorkspace(RuntimeError):
    """Nothing says which workspace this process belongs to."""

    def __init__(self) -> None:
        super().__init__(
            "This notebook is connected to no workspace. Connect it first, or set DATABRICKS_HOST, DATABRICKS_TOKEN "
            "and SPARK_REMOTE to what `python -m local_workspace up --json` prints."
        )


def has_workspace() -> bool:
    """Whether the environment, or the file of Databricks' profiles, names a workspace."""
    return any(os.environ.get(name) for name in _NAMING) or Path("~/.databrickscfg").expanduser().is_file()


def make() -> object:
    """The Spark session of the workspace that the environment names. Raises NoWorkspace."""
    if not has_workspace():
        raise NoWorkspace
    from databricks.connect import DatabricksSession

    return DatabricksSession.builder.getOrCreate()


class LaterSession:
    """Stands for `spark` in a notebook without a workspace, until one of its cells connects it to one."""

    def __getattr__(self, name: str) -> object:
        """What the session has by this name. Raises NoWorkspace."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(make(), name)
