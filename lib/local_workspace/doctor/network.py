"""The network: this machine's own name and ports, and the proxy."""

import importlib.util
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from local_workspace.doctor.finding import Finding, failed, ok, warning
from local_workspace.engines.postgres import addresses
from local_workspace.engines.postgres.addresses import Address
from local_workspace.runtime import ports
from local_workspace.runtime.errors import SetupError
from local_workspace.service import control
from local_workspace.service.settings import wanted_port

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy")


def addresses_of(name: str) -> list[str]:
    """The addresses of a machine in the order in which they are tried; none if the name can't be resolved."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def localhost(resolve: Callable[[str], list[str]] = addresses_of) -> Finding:
    """Whether `localhost` is 127.0.0.1, where Spark's clients connect to; ::1 may come first."""
    found = resolve("localhost")
    if ports.HOST in found:
        return ok("localhost", ", ".join(found))
    return failed(
        "localhost",
        f"localhost is {', '.join(found) or 'not known'}, not {ports.HOST}",
        f"Add the line `{ports.HOST} localhost` to /etc/hosts.",
    )


def free_ports(root: Path, take: Callable[[], int] = ports.free) -> Finding:
    """Whether the workspace runs, or a port for it is free."""
    try:
        if running := control.find(root):
            return ok("ports", f"the workspace runs at {running['DATABRICKS_HOST']}")
        wanted = wanted_port()
        return ok("ports", f"{wanted} is free" if wanted else f"{take()} is free, for example")
    except SetupError as error:
        text, _, remedy = str(error).partition(". ")
        return failed("ports", text, remedy or "Unset LOCAL_WORKSPACE_PORT.")
    except OSError as error:
        return failed(
            "ports", f"no port on {ports.HOST} is available: {error}", "Allow this user to listen on loopback."
        )


def lakebase_port(take: Callable[[], Address] = addresses.free) -> Finding:
    """Whether a Lakebase instance can have the port that it has on Databricks, at an address of its own."""
    found = take()
    if found.port == addresses.PORT:
        return ok("Lakebase", f"port {found.port}, at an address of its own such as {found.host}")
    return warning(
        "Lakebase",
        f"port {addresses.PORT} is free at no address of this machine: an endpoint's host carries another port",
        "Connect to that port; on Linux, have the server that listens there listen on 127.0.0.1 only.",
    )


def lakebase_certificates(folder: Path | None = None) -> Finding:
    """Whether libpq takes an instance's certificate: if it has a list, `sslmode=require` checks it against that."""
    listed = (folder or Path(os.path.expanduser("~/.postgresql"))) / "root.crt"  # Path.home fails for a nameless user
    if not listed.exists():
        return ok("certificates", "libpq checks them only where it is asked to")
    return warning(
        "certificates",
        f"libpq trusts those in {listed} only, so sslmode=require refuses the local instances",
        "Name it in PGSSLROOTCERT where you need it, and move it to another path.",
    )


def proxy(ambient: Mapping[str, str] = os.environ) -> Finding:
    """Whether there is a proxy, and whether the clients support it."""
    found = {name: value for name, value in ambient.items() if name.lower() in _PROXIES and value}
    if not found:
        return ok("proxy", "none")
    text = f"{', '.join(sorted(found))}; this machine is reached without"
    if any(value.startswith("socks") for value in found.values()) and not importlib.util.find_spec("socksio"):
        return warning("proxy", text, "HTTP clients refuse SOCKS without the package socksio: run `uv sync`.")
    return ok("proxy", text)
