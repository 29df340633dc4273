"""MLflow's REST API at the workspace's own address, and its pages under /mlflow/.

The registry of Unity Catalog is not among it: `routes/mlflow_registry.py` has that.
"""

import json
import re
from http import HTTPStatus

import httpx
from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response

from local_workspace.engines.mlflow.artifacts import as_on_databricks
from local_workspace.http.proxy import Relay, relay, socket_client
from local_workspace.routes import mlflow_access
from local_workspace.runtime.errors import ApiError, disk_full, invalid

router = APIRouter(include_in_schema=False)  # MLflow documents its API itself

_SDK = "databricks-sdk-"  # in the User-Agent of MLflow's client with the tracking URI `databricks`, and of the CLI
_DISK_FULL = (b"database or disk is full", b"No space left on device")  # SQLite's words, and the system's
_TOO_LARGE = b"int too large to convert to SQLite"  # Python's words
_MESSAGE = re.compile(r"/(ajax-)?api/\d\.\d/mlflow/")  # the paths whose bodies are messages, not files
_ARTIFACT = re.compile(r"/api/[23]\.0/mlflow-artifacts/artifacts/(.+)")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# The paths that MLflow's clients call. The pages' own requests are relative, so they work under any prefix.
_CLIENT_PATHS = (
    "/api/2.0/mlflow/{rest:path}",
    "/api/3.0/mlflow/{rest:path}",
    "/api/2.0/mlflow-artifacts/{rest:path}",
    "/api/3.0/mlflow-artifacts/{rest:path}",
    "/ajax-api/{rest:path}",
    "/static-files/{rest:path}",
    "/model-versions/{rest:path}",
    "/v1/{rest:path}",
    "/get-artifact",
    "/graphql",
    "/version",
    "/health",
)


@router.get("/mlflow")
def pages() -> RedirectResponse:
    """To the pages; a browser keeps what follows the #."""
    return RedirectResponse("/mlflow/")


@router.api_route("/mlflow/{rest:path}", methods=_METHODS)
async def under_prefix(rest: str, request: Request) -> Response:
    """A page of MLflow, or a request of one. Raises ApiError 403 without permission on the experiment."""
    await mlflow_access.check(request)
    answer = await relay(request, client_of(request), "MLflow", prefix="/mlflow")
    return await _to_maker(request, answer) if mlflow_access.makes_experiment(request) else answer


async def as_client(request: Request) -> Response:
    """A request of an MLflow client, at the path it has on any MLflow server.

    A path or method that MLflow has not is answered as one that the workspace has not: MLflow's answer is a page.
    Raises ApiError 400 for a body that is no JSON object or that MLflow can't read, and for an artifact that can't be
    written, 403 without permission on the experiment, 507 if the disk is full.
    """
    await mlflow_access.check(request)
    await _check_body(request)
    if request.method == "PUT" and (artifact := _ARTIFACT.fullmatch(request.url.path)):
        await run_in_threadpool(request.app.state.engines.mlflow.check_upload, artifact[1])
    answer = await relay(request, client_of(request), "MLflow")
    if answer.status_code in (404, 405) and not answer.headers.get("content-type", "").startswith("application/json"):
        await answer.discard()
        raise HTTPException(answer.status_code, headers={"Allow": answer.headers.get("allow", "another method")})
    if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        raise RequestValidationError(json.loads(await answer.read())["detail"])
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return await _failed(answer)
    if mlflow_access.makes_experiment(request):
        return await _to_maker(request, answer)
    return await _as_on_databricks(answer) if _SDK in request.headers.get("user-agent", "") else answer


async def _check_body(request: Request) -> None:
    """Raise ApiError 400 for a JSON body that is no object: MLflow takes it for an empty one, or fails."""
    is_json = request.headers.get("content-type", "").startswith("application/json")
    if not is_json or request.method == "GET" or not _MESSAGE.match(request.url.path):
        return
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "MALFORMED_REQUEST", f"The request's body is not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "MALFORMED_REQUEST", "The request's body is not a JSON object.")


async def _failed(answer: Relay) -> Response:
    """The answer of a server that failed.

    Raises ApiError 507 if its disk is full: clients repeat MLflow's 503. Raises ApiError 400 for a request that MLflow
    could not read: what fails later, it answers with JSON.
    """
    content = await answer.read()
    media = answer.headers.get("content-type", "")
    if any(sign in content for sign in _DISK_FULL):
        raise disk_full()
    if _TOO_LARGE in content:
        raise invalid("A number in the request is larger than MLflow can store, 64 bits.")
    if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR and media.startswith("text/html"):
        raise invalid(
            "MLflow can't read the request: compare its fields and their types with MLflow's REST API. The error is in "
            "MLflow's log: python -m local_workspace logs mlflow."
        )
    return Response(content, answer.status_code, media_type=media)


async def _to_maker(request: Request, answer: Relay) -> Response:
    """The answer to a caller who has made an experiment, which they may manage from now on."""
    content = await answer.read()
    if answer.status_code == 200:
        await run_in_threadpool(mlflow_access.give_to_maker, request, content)
    return Response(content, answer.status_code, media_type="application/json")


async def _as_on_databricks(answer: Relay) -> Response:
    """The answer to a client of Databricks, for which files have other addresses than for a client of MLflow's."""
    media = answer.headers.get("content-type", "")
    if not media.startswith("application/json"):
        return answer
    return Response(as_on_databricks(await answer.read()), answer.status_code, media_type=media)


@router.post("/api/2.0/mlflow/registered-models/create")
async def create_workspace_model(request: Request) -> Response:
    """A model in the registry of the workspace. Raises ApiError 400 for a name that means one in Unity Catalog.

    The message is that of Databricks: https://github.com/databricks/mlops-stacks/issues/135
    """
    name = _name(await request.body())
    if set(name) & set("/.:"):
        raise invalid(
            f"Invalid name '{name[:200]}'. A workspace registered model name must be a non-empty UTF-8 string and "
            "cannot contain forward slashes(/), periods(.), or colons(:). If trying to access models in the Unity "
            "Catalog, configure the MLflow client via mlflow.set_registry_uri('databricks-uc') before accessing models."
        )
    return await as_client(request)


for _path in _CLIENT_PATHS:
    router.add_api_route(_path, as_client, methods=_METHODS)


def _name(content: bytes) -> str:
    """The name in a request's body; empty if there is none, which MLflow refuses."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) else ""


def client_of(request: Request) -> httpx.AsyncClient:
    """The client of MLflow's server, which all requests share."""
    state = request.app.state
    if not hasattr(state, "mlflow_client"):
        state.mlflow_client = socket_client(state.engines.mlflow.socket)
    client: httpx.AsyncClient = state.mlflow_client
    return client
