"""A workspace that answers with its catalogs alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Catalogs(HTTPServer):
    """The workspace: it has the catalogs `names`, and records the tokens that it is shown."""

    names: tuple[str, ...] = ()
    tokens: tuple[str | None, ...] = ()


class Handler(BaseHTTPRequestHandler):
    server: Catalogs

    def do_GET(self) -> None:
        self.server.tokens += (self.headers["Authorization"],)
        body = json.dumps({"catalogs": [{"name": name} for name in self.server.names]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving() -> Iterator[Catalogs]:
    """It runs, in a thread."""
    with Catalogs(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
