"""A server for a gateway, on a loopback port and a thread of its own."""

import socket
import threading

import uvicorn

from local_workspace.http.gateway.app import Gateway
from local_workspace.http.gateway.callers import Workspace
from local_workspace.runtime.gateway import AppBehind
from local_workspace.runtime.ports import HOST

_GRACE_SECONDS = 1  # for requests in progress when it closes


class Listener:
    """Serves `gateway` from the start to `close`. Raises OSError if the port is taken."""

    def __init__(self, gateway: Gateway, name: str, port: int) -> None:
        self._socket = socket.create_server((HOST, port))
        config = uvicorn.Config(
            gateway,
            log_level="warning",
            lifespan="off",
            proxy_headers=False,
            server_header=False,  # these two are the app's
            date_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config, gateway)
        self._thread = threading.Thread(target=self._serve, name=f"gateway-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end what is in progress. Safe to call twice."""
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        self._server.run([self._socket])


class _Server(uvicorn.Server):
    """uvicorn that closes the gateway's connections to the app before its event loop ends."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is in progress, then close the connections."""
        await super().shutdown(sockets)
        await self._gateway.close()


def listen(app: AppBehind, port: int, workspace: Workspace) -> Listener:
    """A gateway for `app` on `port`, in `workspace`. Raises OSError if the port is taken."""
    return Listener(Gateway(app, workspace), app.name, port)
