"""Serves an ASGI app to a real client."""

import threading

import uvicorn


class Served:
    """An ASGI app on a loopback port of its own."""

    def __init__(self, app):
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._started = threading.Event()
        startup = self._server.startup

        async def started(sockets=None):
            await startup(sockets)
            self._started.set()

        self._server.startup = started

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(20)
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(20)
