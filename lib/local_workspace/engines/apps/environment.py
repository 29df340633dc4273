"""The environment variables that the platform gives an app."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from local_workspace.engines.apps.documents import StoredApp
from local_workspace.engines.apps.shapes import url
from local_workspace.engines.apps.target import Target
from local_workspace.runtime.ports import HOST


def of_app(app: StoredApp, target: Target, given: Mapping[str, str], programs: Path) -> dict[str, str]:
    """What every app gets, and `given`, its identity and addresses; `programs` is its environment's folder of programs.

    The variables are those of https://docs.databricks.com/aws/en/dev-tools/databricks-apps/system-env and of the CLI's
    `apps run-local` (libs/apps/runlocal/env.go); those for sockets are a local workspace's own.
    """
    return {
        **given,
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(programs.parent),
        "PYTHONUNBUFFERED": "1",
        "DATABRICKS_APP_NAME": app["name"],
        "DATABRICKS_APP_URL": url(app["port"]),
        "DATABRICKS_APP_PORT": str(target.port),
        **_servers(target),
    }


def _servers(target: Target) -> dict[str, str]:
    """Where web servers listen that read it from the environment."""
    port = str(target.port)
    return {
        "UVICORN_UDS": str(target.socket),
        "UVICORN_HOST": HOST,
        "UVICORN_PORT": port,
        "GUNICORN_CMD_ARGS": f"--bind={shlex.quote(f'unix:{target.socket}')}",
        "PORT": port,
        "FLASK_RUN_HOST": HOST,
        "FLASK_RUN_PORT": port,
        "GRADIO_SERVER_NAME": HOST,
        "GRADIO_SERVER_PORT": port,
        "GRADIO_ANALYTICS_ENABLED": "false",
        "STREAMLIT_SERVER_ADDRESS": HOST,
        "STREAMLIT_SERVER_PORT": port,
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
