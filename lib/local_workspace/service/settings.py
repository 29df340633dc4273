"""The settings that a workspace keeps between starts, its token and its ports, and those of its environment."""

import json
import os
import secrets
from dataclasses import asdict, dataclass

import psutil

from local_workspace.runtime import ports
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import Home, read_json, write_atomically

FREE_BYTES = 1024**3
"""With less than that on the home's disk no run and no update starts. A start of the workspace needs more
(`MIN_FREE_BYTES` of `runtime/home.py`)."""


@dataclass(frozen=True)
class Settings:
    """The bearer `token` of the API and of Spark, and the loopback ports of both."""

    token: str
    port: int
    spark_port: int


def load_settings(home: Home) -> Settings:
    """The home's settings, created at the first start.

    A stored port that is in use is replaced by a free one. Raises SetupError if LOCAL_WORKSPACE_PORT is in use or not a
    port number.
    """
    kept = read_json(home.secrets) or {}
    wanted = wanted_port()
    port = wanted or ports.free(kept.get("port"))
    settings = Settings(
        kept.get("token") or secrets.token_urlsafe(24), port, ports.free(kept.get("spark_port"), taken={port})
    )
    write_atomically(home.secrets, json.dumps(asdict(settings)))
    return settings


def wanted_port() -> int | None:
    """LOCAL_WORKSPACE_PORT, None if it isn't set. Raises SetupError if it is in use or not a port number."""
    text = os.environ.get("LOCAL_WORKSPACE_PORT")
    if not text:
        return None
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise SetupError(f"LOCAL_WORKSPACE_PORT is {text!r}; it must be a port number from 1024 to 65535.")
    if not ports.is_free(int(text)):
        raise SetupError(
            f"Port {text} is already taken{_holder(int(text))}. End that, or set LOCAL_WORKSPACE_PORT to another "
            f"port (without LOCAL_WORKSPACE_PORT a free one is chosen)."
        )
    return int(text)


def default_storage() -> bool:
    """LOCAL_WORKSPACE_DEFAULT_STORAGE, 0 or 1: whether to be as an account with default storage. Raises SetupError."""
    text = os.environ.get("LOCAL_WORKSPACE_DEFAULT_STORAGE") or "0"
    if text not in ("0", "1"):
        raise SetupError(f"LOCAL_WORKSPACE_DEFAULT_STORAGE is {text!r}; it must be 0 or 1.")
    return text == "1"


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS allows it for root only
        return ""
    for connection in connections:
        if (
            connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid
        ):
            return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
