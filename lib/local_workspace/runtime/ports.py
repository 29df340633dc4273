"""Loopback ports: finding free ones, and checking for a listening server."""

import socket
from collections.abc import Collection

HOST = "127.0.0.1"


def free(wanted: int | None = None, taken: Collection[int] = ()) -> int:
    """`wanted`, or another port if that is in `taken` or in use. Raises OSError if there is none."""
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def is_free(port: int, host: str = HOST) -> bool:
    """Whether `port` of that address can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether a server accepts connections on `port`."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
