"""Workspace API: folders, files and notebooks (`w.workspace`), and the CLI's import-file."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.permissions.kinds import MANAGE
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.http.bodies import Body
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes.object_access import check_path, check_sees_path, give_new_to_maker, sees_path
from local_workspace.runtime.errors import ApiError, invalid

router = APIRouter(prefix="/api/2.0", dependencies=[REFUSE_UNKNOWN])
Json = dict[str, Any]
Nothing = dict[str, None]
Path = Annotated[str, Query(max_length=4096)]
Moment = Annotated[int, Query(ge=0, le=2**53, description="milliseconds since 1970")]
Format = Annotated[str, Field(max_length=20)]


class Mkdirs(Body):
    """A folder to make."""

    path: str


class Delete(Body):
    """What to delete."""

    path: str
    recursive: bool = False


class Import(Body):
    """A file or notebook to import; `content` is in base64 in JSON, and raw in a form."""

    path: str
    content: str | None = None
    format: Format | None = None
    language: Format | None = None
    overwrite: bool | None = None


_IMPORT_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": Import.model_json_schema()}}}
}


def _files(request: Request) -> WorkspaceFiles:
    files: WorkspaceFiles = request.app.state.engines.workspace_files
    return files


Files = Annotated[WorkspaceFiles, Depends(_files)]


async def _import(request: Request) -> tuple[Import, bytes]:
    """An import and its content, sent as JSON (content in base64) or as a form (`w.workspace.upload`)."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        fields = _checked(await _json(request))
        return fields, _decoded(fields.content or "")
    async with request.form() as form:
        content = form.get("content", "")
        raw = await content.read() if isinstance(content, UploadFile) else content.encode()
        return _checked({name: value for name, value in form.items() if name != "content"}), raw


async def _json(request: Request) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "MALFORMED_REQUEST", f"The request's body is not JSON: {error}.") from None


def _checked(fields: object) -> Import:
    try:
        return Import.model_validate(fields)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()]
        raise RequestValidationError(problems) from None


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:  # not base64, or not even ASCII
        raise invalid(f"content is not base64: {error}.") from None


@router.post("/workspace/mkdirs")
def mkdirs(request: Request, files: Files, body: Mkdirs) -> Nothing:
    """Make a folder and its parents."""
    if files.exists(body.path):
        check_sees_path(request, body.path)
    else:
        check_path(request, body.path, MANAGE)
    give_new_to_maker(request, body.path, lambda: files.mkdirs(body.path))
    return {}


@router.post("/workspace/import", openapi_extra=_IMPORT_BODY)
def import_object(request: Request, files: Files, sent: Annotated[tuple[Import, bytes], Depends(_import)]) -> Nothing:
    """Import a file or notebook."""
    fields, content = sent
    _write(request, files, fields.path, content, fields.format or "SOURCE", bool(fields.overwrite), fields.language)
    return {}


def _write(
    request: Request,
    files: WorkspaceFiles,
    path: str,
    content: bytes,
    format: str,
    overwrite: bool,
    language: str | None = None,
) -> None:
    """Put a file or notebook in place, which one who may edit it may replace, and who manages its folder may make."""
    target = files.target(path, content, format, language)
    check_path(request, target, "CAN_EDIT" if files.exists(target) else MANAGE)
    give_new_to_maker(request, target, lambda: files.write(path, content, format, overwrite, language))


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@router.post("/workspace-files/import-file/{path:path}")
def import_file(
    request: Request, files: Files, path: str, content: Annotated[bytes, Depends(_raw_body)], overwrite: bool = False
) -> Nothing:
    """Import a file whose content is the request's body."""
    _write(request, files, path, content, "AUTO", overwrite)
    return {}


@router.get("/workspace/get-status")
def get_status(request: Request, files: Files, path: Path, return_export_info: bool = False) -> Json:
    """The object at a path; none has export info here."""
    check_sees_path(request, path)
    return {**files.status(path)}


@router.get("/workspace/list")
def list_objects(
    request: Request, files: Files, path: Path, notebooks_modified_after: Moment = 0
) -> dict[str, list[Json]]:
    """What is in a folder and the caller may see; of its notebooks those that were modified after a time."""
    found = files.list(path, notebooks_modified_after)
    return {"objects": [{**entry} for entry in found if sees_path(request, entry["path"])]}


@router.get("/workspace/export", response_model=dict[str, str])
def export(
    request: Request, files: Files, path: Path, format: str = "SOURCE", direct_download: bool = False
) -> dict[str, str] | Response:
    """The content of a file or notebook: raw with `direct_download`, else in base64."""
    check_path(request, path, "CAN_READ")
    content, file_type = files.read(path, format)
    if direct_download:
        return Response(content, media_type="application/octet-stream")
    return {"content": base64.b64encode(content).decode(), "file_type": file_type}


@router.post("/workspace/delete")
def delete(request: Request, files: Files, body: Delete) -> Nothing:
    """Remove a file or folder, and the permissions on it."""
    check_path(request, body.path, MANAGE)
    lost = [files.places(body.path)[0], *files.below(body.path)]
    files.delete(body.path, body.recursive)
    permissions: PermissionsEngine = request.app.state.engines.permissions
    permissions.forget(lost)
    return {}
