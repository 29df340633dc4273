"""The environment variables that the platform gives an app."""

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local_workspace.engines.apps.documents import StoredApp
from local_workspace.engines.apps.shapes import url


def of_app(app: StoredApp, port: int, given: Mapping[str, str]) -> dict[str, str]:
    """What every app gets, and `given`, its identity and addresses.

    A local app has no proxy in front that authenticates users, so the environment names the one user.
    """
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        **given,
        "PATH": programs,
        "PYTHONUNBUFFERED": "1",
        "LOCAL_WORKSPACE_USER": user(given),
        "DATABRICKS_APP_NAME": app["name"],
        "DATABRICKS_APP_URL": url(port),
        "DATABRICKS_APP_PORT": str(port),
        "UVICORN_HOST": "127.0.0.1",
        "UVICORN_PORT": str(port),
    }


def user(given: Mapping[str, str]) -> str:
    """The user whom `given` names, else the one of this machine."""
    return given.get("LOCAL_WORKSPACE_USER") or getpass.getuser()
