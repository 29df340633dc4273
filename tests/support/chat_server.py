"""An OpenAI-compatible server in a thread, which answers with the functions that a test passes."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import Body, FastAPI
from fastapi.responses import StreamingResponse
from openai import OpenAI


@contextmanager
def serving(
    complete: Callable[[dict], dict] | None = None, respond: Callable[[dict], Iterable[str]] | None = None
) -> Iterator[OpenAI]:
    """An OpenAI client of a server whose chat completions are `complete(request)`.

    The server streams the events `respond(request)`, each as JSON text, as responses of the Responses API.
    """
    app = FastAPI()
    for prefix in ("", "/serving-endpoints"):  # the second is a workspace's
        if complete:
            app.post(f"{prefix}/chat/completions")(lambda body=Body(): complete(body))  # noqa: B008
        if respond:
            app.post(f"{prefix}/responses")(lambda body=Body(): _event_stream(respond(body)))  # noqa: B008
    listening = socket.create_server(("127.0.0.1", 0))  # requests wait here until the server is up
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield OpenAI(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", api_key="none", max_retries=0)
    finally:
        server.should_exit = True
        thread.join()


def completion(message: dict, model: str = "some-llm") -> dict:
    """A chat completion with this message of the assistant."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}


def _event_stream(events: Iterable[str]) -> StreamingResponse:
    return StreamingResponse((f"data: {event}\n\n" for event in events), media_type="text/event-stream")
