"""Workspace API: folders, files and notebooks (`w.workspace`), and the CLI's import-file."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from starlette.datastructures import UploadFile

from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0")


def _files(request: Request) -> WorkspaceFiles:
    return request.app.state.engines.workspace_files


Files = Annotated[WorkspaceFiles, Depends(_files)]


async def _import_fields(request: Request) -> dict:
    """The fields of an import, sent as JSON (content in base64) or as a form (`w.workspace.upload`)."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        fields = await request.json()
        return {**fields, "content": _decoded(fields.get("content", ""))}
    async with request.form() as form:
        fields = dict(form)
        content = fields.get("content", b"")
        fields["content"] = await content.read() if isinstance(content, UploadFile) else content.encode()
        return fields


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise invalid(f"content is not base64: {error}.") from None


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


@router.post("/workspace/mkdirs")
def mkdirs(files: Files, path: Annotated[str, Body(embed=True)]) -> dict:
    """Make a folder and its parents."""
    files.mkdirs(path)
    return {}


@router.post("/workspace/import")
def import_object(files: Files, fields: Annotated[dict, Depends(_import_fields)]) -> dict:
    """Import a file or notebook."""
    files.write(
        fields.get("path", ""),
        fields["content"],
        fields.get("format", "SOURCE"),
        _is_true(fields.get("overwrite", False)),
    )
    return {}


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@router.post("/workspace-files/import-file/{path:path}")
def import_file(
    files: Files, path: str, content: Annotated[bytes, Depends(_raw_body)], overwrite: str = "false"
) -> dict:
    """Import a file whose content is the request's body."""
    files.write(path, content, "AUTO", _is_true(overwrite))
    return {}


@router.get("/workspace/get-status")
def get_status(files: Files, path: str) -> dict:
    """What is at a path."""
    return files.status(path)


@router.get("/workspace/list")
def list_objects(files: Files, path: str) -> dict:
    """What is in a folder."""
    return {"objects": files.list(path)}


@router.get("/workspace/export", response_model=None)
def export(files: Files, path: str, format: str = "SOURCE", direct_download: bool = False) -> dict | Response:
    """The content of a file or notebook: raw with `direct_download`, else in base64."""
    content, file_type = files.read(path, format)
    if direct_download:
        return Response(content, media_type="application/octet-stream")
    return {"content": base64.b64encode(content).decode(), "file_type": file_type}


@router.post("/workspace/delete")
def delete(files: Files, path: Annotated[str, Body()], recursive: Annotated[bool, Body()] = False) -> dict:
    """Remove a file or folder."""
    files.delete(path, recursive)
    return {}
