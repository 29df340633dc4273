"""The gateways of the apps, each on the port that is in the app's URL."""

import threading

from local_workspace.runtime import ports
from local_workspace.runtime.gateway import AppBehind, Listen, Listener


class Gateways:
    """Starts and ends gateways."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen
        self._open: dict[str, Listener] = {}
        self._lock = threading.Lock()

    def open(self, app: AppBehind, wanted: int | None = None) -> int:
        """Start the gateway of an app, on the port `wanted` if that is free; returns its port."""
        with self._lock:
            port = ports.free(wanted)
            self._open[app.name] = self._listen(app, port)
            return port

    def close(self, app: str) -> None:
        """End the gateway of an app, if it has one."""
        with self._lock:
            listener = self._open.pop(app, None)
        if listener:
            listener.close()

    def close_all(self) -> None:
        """End all of them."""
        for name in list(self._open):
            self.close(name)
