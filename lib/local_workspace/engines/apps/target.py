"""Where an app's process listens."""

from pathlib import Path

from local_workspace.runtime import ports, sockets
from local_workspace.runtime.gateway import Address


class Target:
    """The two places that an app is given: a unix socket, for servers that take one from the environment, and a port.

    Other processes of this machine can connect to the port, though not to the socket, which lies in a private folder.
    """

    def __init__(self, socket: Path, port: int) -> None:
        self.socket, self.port = socket, port
        self.address: Address | None = None

    def ready(self) -> bool:
        """Whether the process listens on either; `address` is then the one."""
        if sockets.listens(self.socket):
            self.address = self.socket
        elif ports.listens(self.port):
            self.address = self.port
        return self.address is not None
