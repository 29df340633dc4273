"""The files of traces, runs and logged models, as MLflow's client of a Databricks workspace asks for them.

It reads and writes those of runs and logged models by the Files API, and asks for credentials only if that has failed.
For those of a trace it asks for links to cloud storage (mlflow/store/artifact/databricks_artifact_repo.py), which here
lead back to the workspace.
"""

import re
from typing import Annotated, Literal, TypedDict

import httpx
from fastapi import APIRouter, Path, Request, Response

from local_workspace.engines.mlflow import MlflowEngine
from local_workspace.http.proxy import Relay, has_body, passed_on, send
from local_workspace.routes.mlflow import client_of
from local_workspace.runtime.errors import invalid, not_found

router = APIRouter()
LINKED = "/trace-files"
_SPANS = "traces.json"  # MLflow's name of the file with a trace's spans
_API = "/api/2.0/mlflow"

TraceId = Annotated[str, Path(pattern=r"^[\w-]{1,100}$")]
_ATTACHMENT = r"attachments/[0-9a-f-]{36}"  # the name of one is a UUID
File = Annotated[str, Path(pattern=rf"^(traces\.json|{_ATTACHMENT})$")]


class CredentialInfo(TypedDict):
    """A link, in the shape of a pre-signed URL of S3, which clients just send the file to."""

    signed_uri: str
    type: Literal["AWS_PRESIGNED_URL"]


class Credentials(TypedDict):
    """The link to a file of a trace."""

    credential_info: CredentialInfo


def _mlflow(request: Request) -> MlflowEngine:
    engine: MlflowEngine = request.app.state.engines.mlflow
    return engine


@router.get(_API + "/traces/{trace_id}/credentials-for-data-upload")
def upload_credentials(request: Request, trace_id: TraceId, path: str | None = None) -> Credentials:
    """A link by which to write a trace's spans, or an attachment."""
    return _credentials(request, "write", trace_id, path)


@router.get(_API + "/traces/{trace_id}/credentials-for-data-download")
def download_credentials(request: Request, trace_id: TraceId, path: str | None = None) -> Credentials:
    """A link by which to read a trace's spans, or an attachment."""
    return _credentials(request, "read", trace_id, path)


@router.get(LINKED + "/read/{trace_id}/{file:path}", response_class=Response)
async def read(request: Request, trace_id: TraceId, file: File, expires: int, signature: str) -> Relay:
    """A trace's spans, wherever MLflow keeps them, or an attachment, by a link."""
    _mlflow(request).trace_links.check(f"read/{trace_id}/{file}", expires, signature)
    client, (kind, _, name) = client_of(request), file.partition("/")
    query = {"request_id": trace_id} | ({"path": name} if kind != _SPANS else {})
    return await send(
        client, client.build_request("GET", "/ajax-api/2.0/mlflow/get-trace-artifact", params=query), "MLflow"
    )


@router.put(LINKED + "/write/{trace_id}/{file:path}", response_class=Response)
async def write(request: Request, trace_id: TraceId, file: File, expires: int, signature: str) -> Relay:
    """Write a trace's spans, or an attachment, by a link."""
    _mlflow(request).trace_links.check(f"write/{trace_id}/{file}", expires, signature)
    client = client_of(request)
    folder = f"/api/2.0/mlflow-artifacts/artifacts/{await _experiment(client, trace_id)}/traces/{trace_id}/artifacts"
    content = request.stream() if has_body(request) else b""
    outgoing = client.build_request("PUT", f"{folder}/{file}", headers=passed_on(request.headers), content=content)
    return await send(client, outgoing, "MLflow")


@router.post(_API + "/artifacts/credentials-for-{access}")
@router.post(_API + "/logged-models/{model_id}/artifacts/credentials-for-{access}")
def artifact_credentials(access: str) -> None:
    """Refused: it is what MLflow's client tries after the Files API has refused, for a file that is not there."""
    raise not_found(
        f"There are no credentials for {access}: a run's or model's files are read and written by the Files API alone, "
        "which has refused this. Check the file's path."
    )


def _credentials(request: Request, access: str, trace_id: str, path: str | None) -> Credentials:
    file = path or _SPANS
    if path and not re.fullmatch(_ATTACHMENT, path):
        raise invalid(f"'{path[:80]}' is not an attachment of a trace: attachments/<UUID>.")
    link, _ = _mlflow(request).trace_links.make(f"{access}/{trace_id}/{file}")
    return {
        "credential_info": {"signed_uri": f"{str(request.base_url).rstrip('/')}{link}", "type": "AWS_PRESIGNED_URL"}
    }


async def _experiment(client: httpx.AsyncClient, trace_id: str) -> str:
    """The id of the experiment of a trace. Raises ApiError 404."""
    found = await client.get(f"/api/3.0/mlflow/traces/{trace_id}")
    if found.status_code != 200:
        raise not_found(f"Trace '{trace_id}' does not exist.")
    return str(found.json()["trace"]["trace_info"]["trace_location"]["mlflow_experiment"]["experiment_id"])
