"""Which workspace to talk to: the one that the environment names, or one on this laptop."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from caspers import config


@dataclass(frozen=True)
class Connection:
    """How official clients reach a workspace.

    On Databricks only `host` is known (the SDK finds the credentials); `home` is None there.
    """

    host: str
    token: str | None = None
    spark_remote: str | None = None
    mlflow_tracking_uri: str = "databricks"
    home: Path | None = None

    @property
    def local(self) -> bool:
        """Whether the workspace runs on this machine."""
        return self.home is not None

    def environment(self) -> dict[str, str]:
        """The variables with which other programs' clients find this workspace."""
        values = {
            "DATABRICKS_HOST": self.host,
            "DATABRICKS_TOKEN": self.token,
            "SPARK_REMOTE": self.spark_remote,
            "MLFLOW_TRACKING_URI": self.mlflow_tracking_uri,
            "MLFLOW_TRACKING_TOKEN": self.token if self.local else None,
        }
        return {key: value for key, value in values.items() if value}


def ensure() -> Connection:
    """The workspace to use; a local one is started if it isn't running, with its progress on standard error.

    Raises RuntimeError with a message for people if it can't be started.
    """
    return _databricks() or _local("start")


def current() -> Connection | None:
    """The workspace to use if it is there already."""
    return _databricks() or _local("find")


def stop() -> None:
    """End the local workspace and everything it started; its data stay."""
    _service("stop")


def destroy_home() -> None:
    """End the local workspace and remove its home."""
    _service("destroy")


def _databricks() -> Connection | None:
    """The workspace that DATABRICKS_HOST or a profile names, unless that is the local one's own address."""
    host, profile = os.environ.get("DATABRICKS_HOST"), os.environ.get("DATABRICKS_CONFIG_PROFILE")
    if not (host or profile or "DATABRICKS_RUNTIME_VERSION" in os.environ) or (host and _is_local(host)):
        return None
    from databricks.sdk.core import Config

    return Connection(host=Config().host)


def _is_local(host: str) -> bool:
    return host.startswith(("http://127.0.0.1:", "http://localhost:"))


def _local(command: str) -> Connection | None:
    answer = _service(command)
    if not answer:
        return None
    found = json.loads(answer)
    return Connection(
        found["DATABRICKS_HOST"],
        found["DATABRICKS_TOKEN"],
        found["SPARK_REMOTE"],
        found["MLFLOW_TRACKING_URI"],
        config.load().home,
    )


def _service(command: str) -> str:
    """What the service's command printed; its messages pass through. Raises RuntimeError if it fails."""
    home = config.load().home
    process = subprocess.Popen(
        [sys.executable, "-m", "local_workspace", command, "--home", str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        print(line, end="", file=sys.stderr, flush=True)
    answer = process.communicate()[0].strip()
    if process.returncode == 2:
        raise RuntimeError(json.loads(answer)["error"])
    return answer
