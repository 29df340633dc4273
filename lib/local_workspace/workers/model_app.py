"""The HTTP API of one registered model, which MLflow loads."""

import contextvars
import itertools
import json
import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import mlflow
from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from starlette.exceptions import HTTPException

from local_workspace.http.bodies import check_json
from local_workspace.runtime.openai_errors import error_body
from local_workspace.workers.chat_request import InvalidRequest
from local_workspace.workers.model_adapters import Answer, Json, Model, UnsupportedRequest, adapt

TRACING = "ENABLE_MLFLOW_TRACING"

_log = logging.getLogger(__name__)
_Body = Annotated[dict[str, Any], Body()]


def open_model(folder: Path, name: str) -> FastAPI:
    """The app of the model in `folder`, called `name` in answers."""
    return build_app(adapt(load(folder), name))


def load(folder: Path) -> PyFuncModel:
    """The model in `folder`. Its calls are traced only if the endpoint's variables ask for it and name an experiment.

    Source: mlflow/utils/databricks_utils.py, `is_mlflow_tracing_enabled_in_model_serving`.
    """
    model: PyFuncModel = mlflow.pyfunc.load_model(str(folder))
    if os.environ.get(TRACING, "").lower() != "true" or not os.environ.get("MLFLOW_EXPERIMENT_ID"):
        mlflow.tracing.disable()
    return model


def build_app(model: Model) -> FastAPI:
    """The HTTP API of `model`. Handlers are plain functions, so requests run in parallel in threads."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/ping")
    def ping() -> dict[str, str]:
        return {"task": model.task}

    @app.post("/invocations")
    def invoke(body: _Body) -> Response:
        return _answer(body, model.invoke, model.invoke_stream)

    @app.post("/chat/completions")
    def chat(body: _Body) -> Response:
        return _answer(body, model.chat, model.chat_stream)

    @app.post("/responses")
    def respond(body: _Body) -> Response:
        return _answer(body, model.respond, model.respond_stream)

    app.add_exception_handler(UnsupportedRequest, _refused)
    app.add_exception_handler(InvalidRequest, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(MlflowException, _failed_in_mlflow)
    app.add_exception_handler(Exception, _failed)
    return app


def _answer(body: Json, whole: Callable[[Json], Answer], stream: Callable[[Json], Iterator[Json]]) -> Response:
    try:
        check_json(body)
    except ValueError as error:
        raise InvalidRequest(f"The request {error}.") from None
    if not body.get("stream"):
        # With NaN and infinities as MLflow's server writes them (mlflow/pyfunc/scoring_server, predictions_to_json).
        return Response(json.dumps(whole(body)), media_type="application/json")
    events = _in_one_context(stream(body))
    first = list(itertools.islice(events, 1))  # an error before the first event is still a plain HTTP error
    return StreamingResponse(_sse(itertools.chain(first, events)), media_type="text/event-stream")


def _in_one_context(events: Iterator[Json]) -> Generator[Json]:
    """`events`, each produced in the same context: threads of the pool alternate, and MLflow sets context variables."""
    context = contextvars.copy_context()
    try:
        while True:
            try:
                event = context.run(next, events)
            except StopIteration:
                return
            yield event
    finally:
        if isinstance(events, Generator):
            context.run(events.close)


def _sse(events: Iterable[Json]) -> Iterator[str]:
    """Server-sent events as OpenAI's clients read them; an error ends the stream as an event of its own."""
    try:
        for event in events:
            yield f"data: {json.dumps(event)}\n\n"
    except Exception as error:  # noqa: BLE001 - the model's own code may raise anything; the status has been sent
        _log.exception("the model failed while streaming")
        yield f"data: {json.dumps({'error': {'message': _described(error), 'code': 'INTERNAL_ERROR'}})}\n\n"
    yield "data: [DONE]\n\n"


def _refused(request: Request, error: Exception) -> JSONResponse:
    return _error(request, 400, "BAD_REQUEST", str(error), getattr(error, "param", None))


def _malformed(request: Request, _: Exception) -> JSONResponse:
    return _error(request, 400, "MALFORMED_REQUEST", "The request must be a JSON object.")


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _error(request, error.status_code, "BAD_REQUEST", error.detail)


def _failed_in_mlflow(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MlflowException)
    status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]  # MLflow has no annotation there
    return _error(request, status, error.error_code, error.message, error.json_kwargs.get("param"))


def _failed(request: Request, error: Exception) -> JSONResponse:
    return _error(request, 500, "INTERNAL_ERROR", f"The model failed: {_described(error)}")


def _error(request: Request, status: int, code: str, message: str, param: str | None = None) -> JSONResponse:
    body = error_body(status, code, message, param=param)
    if request.url.path == "/invocations":  # Databricks' own client would show a member `error` as the whole message
        del body["error"]
    return JSONResponse(body, status)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
