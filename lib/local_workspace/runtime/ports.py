"""Loopback ports: finding free ones, and checking for a listening server."""

import secrets
import socket
from collections.abc import Collection

HOST = "127.0.0.1"
# Below those that Linux (from 32768) and macOS (from 49152) give to whoever asks for any port: between the choice of a
# port and the start of its server nothing gets it that way.
_OURS = range(20_000, 32_768)


def free(wanted: int | None = None, taken: Collection[int] = ()) -> int:
    """`wanted`, or another port if that is in `taken` or in use. Raises OSError if there is none."""
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    left = [port for port in _OURS if port not in taken]
    while left:
        port = secrets.choice(left)
        if is_free(port):
            return port
        left.remove(port)
    raise OSError(f"no port from {_OURS[0]} to {_OURS[-1]} is free")


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
