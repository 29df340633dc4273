"""Which workspace is used: the Databricks workspace that the environment names, or a local one."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caspers import config
from caspers.platform import environment
from caspers.platform.client import required

MODEL_REGISTRY = "databricks-uc"
"""MLflow's name for the registry of Unity Catalog."""
_BESIDE_PROXY = ("no_proxy", "NO_PROXY", "no_grpc_proxy")


@dataclass(frozen=True)
class Connection:
    """How official clients reach a workspace.

    `host` is its address. The others are a local workspace's: on Databricks the SDK finds the credentials, and `home`
    is None. `beside_proxy` are the variables that keep a proxy away from it, `unset` the names of variables of this
    process that lead to another workspace.
    """

    host: str
    token: str | None = None
    spark_remote: str | None = None
    mlflow_tracking_uri: str = "databricks"
    home: Path | None = None
    beside_proxy: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether the workspace runs on this machine."""
        return self.home is not None

    def environment(self) -> dict[str, str]:
        """The environment variables by which the official clients find this workspace."""
        values = {
            "DATABRICKS_HOST": self.host,
            "DATABRICKS_TOKEN": self.token,
            "DATABRICKS_AUTH_TYPE": "pat" if self.local else None,
            **self.beside_proxy,
            "SPARK_REMOTE": self.spark_remote,
            "MLFLOW_TRACKING_URI": self.mlflow_tracking_uri,
            "MLFLOW_TRACKING_TOKEN": self.token if self.local else None,
            "MLFLOW_REGISTRY_URI": MODEL_REGISTRY,
        }
        return {key: value for key, value in values.items() if value}

    def enter(self) -> None:
        """Set and unset this process's variables so that every official client finds this workspace and no other."""
        for name in self.unset:
            os.environ.pop(name, None)
        os.environ.update(self.environment())


def ensure() -> Connection:
    """The workspace to use; a local one is started if it isn't running, with its progress on standard error.

    Raises RuntimeError, saying why and what to do, if it can't be started.
    """
    return _databricks() or _of_job() or required(_local("up"), "address")


def current() -> Connection | None:
    """The workspace to use, or None if it is a local one that is not running."""
    return _databricks() or _of_job() or _local("status")


def stop() -> None:
    """Stop the local workspace and everything it started; its data is kept."""
    _service("down")


def destroy_home() -> None:
    """Stop the local workspace and remove its home with all data."""
    _service("destroy")


def _databricks() -> Connection | None:
    """The Databricks workspace that is configured, if any."""
    if not config.load().databricks:
        return None
    from databricks.sdk.core import Config

    return Connection(host=Config().host)


def _of_job() -> Connection | None:
    """The local workspace whose job runs this process, if one does: the variables that it has set name it."""
    if (job := config.load().job) is None:
        return None
    beside_proxy = {name: os.environ[name] for name in _BESIDE_PROXY if name in os.environ}
    return Connection(job.host, job.token, job.spark_remote, job.mlflow_tracking_uri, job.home, beside_proxy)


def _local(command: str) -> Connection | None:
    answer = _service(command)
    if not answer:
        return None
    found = json.loads(answer)
    beside_proxy = {name: found[name] for name in _BESIDE_PROXY if name in found}
    os.environ.update(beside_proxy)  # also for clients of this process that are made without `enter`
    return Connection(
        found["DATABRICKS_HOST"],
        found["DATABRICKS_TOKEN"],
        found["SPARK_REMOTE"],
        found["MLFLOW_TRACKING_URI"],
        config.load().home,
        beside_proxy,
        tuple(found["unset"]),
    )


def _service(command: str) -> str:
    """Run a command of the local workspace; returns its standard output, passes its messages on to standard error.

    Raises RuntimeError with the error that it reports, in which variables have this project's names.
    """
    settings = config.load()
    env = dict(os.environ)
    environment.keep_own_python(env)
    if settings.port:
        env["LOCAL_WORKSPACE_PORT"] = str(settings.port)
    process = subprocess.Popen(
        [sys.executable, "-m", "local_workspace", command, "--json", "--home", str(settings.home)],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    for line in required(process.stderr, "messages"):
        print(line, end="", file=sys.stderr, flush=True)
    answer = process.communicate()[0].strip()
    if process.returncode == 2:
        raise RuntimeError(_with_own_names(json.loads(answer)["error"]))
    return answer


def _with_own_names(message: str) -> str:
    """A message of the local workspace with the variables that a user of this project sets."""
    for name in ("HOME", "PORT"):
        message = message.replace(f"LOCAL_WORKSPACE_{name}", f"CASPERS_{name}")
    return message
