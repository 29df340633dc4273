"""The HTTP face of one registered model, which MLflow loads."""

import contextvars
import itertools
import json
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import mlflow
from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from pydantic import ValidationError

from local_workspace.runtime.openai_errors import error_body
from local_workspace.workers.chat_request import InvalidRequest
from local_workspace.workers.model_adapters import Model, UnsupportedRequest, adapt

_log = logging.getLogger(__name__)
Json = Annotated[dict, Body()]


def open_model(uri: str, name: str, folder: Path) -> FastAPI:
    """The app of the model `uri`, which answers call `name`; its files go to `folder`."""
    return build_app(adapt(load(uri, folder), name))


def load(uri: str, folder: Path) -> PyFuncModel:
    """The model `uri`, its files in `folder` (emptied first), its traces going to the model's own experiment."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = mlflow.pyfunc.load_model(uri, dst_path=str(folder))
    if model.model_id and "MLFLOW_EXPERIMENT_ID" not in os.environ:
        os.environ["MLFLOW_EXPERIMENT_ID"] = mlflow.get_logged_model(model.model_id).experiment_id
    return model


def build_app(model: Model) -> FastAPI:
    """The HTTP face of `model`. Handlers are plain functions, so requests run side by side in threads."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/ping")
    def ping() -> dict:
        return {"task": model.task}

    @app.post("/invocations")
    def invoke(body: Json) -> Response:
        return _answer(body, model.invoke, model.invoke_stream)

    @app.post("/chat/completions")
    def chat(body: Json) -> Response:
        return _answer(body, model.chat, model.chat_stream)

    @app.post("/responses")
    def respond(body: Json) -> Response:
        return _answer(body, model.respond, model.respond_stream)

    app.add_exception_handler(UnsupportedRequest, _refused)
    app.add_exception_handler(InvalidRequest, _refused)
    app.add_exception_handler(ValidationError, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(MlflowException, _failed_in_mlflow)
    app.add_exception_handler(Exception, _failed)
    return app


def _answer(body: dict, whole: Callable, stream: Callable) -> Response:
    if not body.get("stream"):
        return JSONResponse(whole(body))
    events = _in_one_context(stream(body))
    first = list(itertools.islice(events, 1))  # an error before the first event is still a plain HTTP error
    return StreamingResponse(_sse(itertools.chain(first, events)), media_type="text/event-stream")


def _in_one_context(events: Generator[dict, None, None]) -> Iterator[dict]:
    """`events`, each made in the same context: threads of the pool take turns, and MLflow keeps context variables."""
    context, end = contextvars.copy_context(), object()
    try:
        while (event := context.run(next, events, end)) is not end:
            yield event
    finally:
        context.run(events.close)


def _sse(events: Iterable[dict]) -> Iterator[str]:
    """Server-sent events as OpenAI's clients read them; an error ends the stream as an event of its own."""
    try:
        for event in events:
            yield f"data: {json.dumps(event)}\n\n"
    except Exception as error:  # noqa: BLE001 - the model's own code: whatever it raises, the caller must hear of it
        _log.exception("the model failed while streaming")
        yield f"data: {json.dumps({'error': {'message': _told(error), 'code': 'INTERNAL_ERROR'}})}\n\n"
    yield "data: [DONE]\n\n"


def _refused(request: Request, error: Exception) -> JSONResponse:
    return _error(request, 400, "BAD_REQUEST", str(error), getattr(error, "param", None))


def _failed_in_mlflow(request: Request, error: MlflowException) -> JSONResponse:
    return _error(
        request, error.get_http_status_code(), error.error_code, error.message, error.json_kwargs.get("param")
    )


def _failed(request: Request, error: Exception) -> JSONResponse:
    return _error(request, 500, "INTERNAL_ERROR", f"The model failed: {_told(error)}")


def _error(request: Request, status: int, code: str, message: str, param: str | None = None) -> JSONResponse:
    body = error_body(status, code, message, param=param)
    if request.url.path == "/invocations":  # Databricks' own client takes a member `error` for its whole message
        del body["error"]
    return JSONResponse(body, status)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
