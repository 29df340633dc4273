"""The process of one endpoint: loads a registered model with MLflow and answers requests on a unix socket.

    python -m local_workspace.model_server --name NAME --model models:/MODEL/VERSION --uds SOCKET
"""

import argparse
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
import uvicorn
from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from pydantic import ValidationError

from local_workspace.model_adapters import Model, UnsupportedRequest, adapt

_log = logging.getLogger(__name__)
Json = Annotated[dict, Body()]


def main() -> None:
    """Load the model, then serve it until told to end. The environment says where MLflow is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="the endpoint's name")
    parser.add_argument("--model", required=True, help="models:/MODEL/VERSION")
    parser.add_argument("--uds", required=True, help="the socket to listen on")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    model = load(args.model, Path(args.uds).with_suffix(".model"))
    _log.info("loaded %s for endpoint %s", args.model, args.name)
    uvicorn.run(build_app(adapt(model, args.name)), uds=args.uds, log_config=None, access_log=False,
                timeout_keep_alive=75)


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
    return JSONResponse({"error_code": "BAD_REQUEST", "message": str(error)}, 400)


def _failed_in_mlflow(request: Request, error: MlflowException) -> JSONResponse:
    return JSONResponse({"error_code": error.error_code, "message": error.message}, error.get_http_status_code())


def _failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error_code": "INTERNAL_ERROR", "message": f"The model failed: {_told(error)}"}, 500)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
