"""A real OpenAI-compatible server in a thread: it answers with whatever function the test hands in."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import Body, FastAPI
from openai import OpenAI


@contextmanager
def serving(complete: Callable[[dict], dict]) -> Iterator[OpenAI]:
    """An OpenAI client of a server whose chat completions are `complete(request)`."""
    app = FastAPI()
    app.post("/chat/completions")(lambda body=Body(): complete(body))  # noqa: B008
    listening = socket.create_server(("127.0.0.1", 0))  # requests wait here until the server is up
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield OpenAI(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", api_key="none", max_retries=0)
    finally:
        server.should_exit = True
        thread.join()
