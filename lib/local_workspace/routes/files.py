"""The Files API over volumes and the files of registered models, of runs and of logged models."""

import mimetypes
from collections.abc import Mapping
from email.utils import formatdate
from typing import Annotated, NotRequired, TypedDict

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from local_workspace.engines.files import DirectoryEntry, VolumeFiles
from local_workspace.engines.mlflow.artifacts import ROOT
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import model_access

router = APIRouter(prefix="/api/2.0/fs", dependencies=[REFUSE_UNKNOWN])


class Listing(TypedDict):
    """A page of the contents of a directory."""

    contents: list[DirectoryEntry]
    next_page_token: NotRequired[str]


def _files(request: Request, path: str) -> VolumeFiles:
    """The engine of the files at `path`."""
    engines, root = request.app.state.engines, path.strip("/").partition("/")[0]
    if root == ROOT:
        artifacts: VolumeFiles = engines.mlflow.files
        return artifacts
    if root == "Models" and request.method in ("GET", "HEAD"):
        model_access.check(request, ".".join(path.strip("/").split("/")[1:4]))
    files: VolumeFiles = engines.model_files if root == "Models" else engines.files
    return files


@router.put("/files/{path:path}", status_code=204)
async def upload(request: Request, path: str, overwrite: bool = False) -> None:
    """Write a file from the request's body."""
    await _files(request, path).write(path, request.stream(), overwrite)


@router.get("/files/{path:path}", response_class=FileResponse)
def download(request: Request, path: str) -> Response:
    """A file's content."""
    local = _files(request, path).file(path)
    media = mimetypes.guess_type(local.name)[0] or "application/octet-stream"
    return FileResponse(local, media_type=media)


@router.head("/files/{path:path}", response_class=FileResponse)
def file_metadata(request: Request, path: str) -> Response:
    """A file's size and time, as headers."""
    return download(request, path)


@router.delete("/files/{path:path}", status_code=204)
def delete_file(request: Request, path: str) -> None:
    """Remove a file."""
    _files(request, path).delete_file(path)


@router.put("/directories/{path:path}", status_code=204)
def make_directory(request: Request, path: str) -> None:
    """Make a directory."""
    _files(request, path).make_directory(path)


@router.head("/directories/{path:path}", response_class=Response)
def directory_metadata(request: Request, path: str) -> Response:
    """Whether a directory exists."""
    local = _files(request, path).directory(path)
    return Response(headers={"Last-Modified": formatdate(local.stat().st_mtime, usegmt=True)})


@router.get("/directories/{path:path}", response_model=Listing)
def list_directory(request: Request, path: str, page: Annotated[Page, Depends(by_page_size)]) -> Mapping[str, object]:
    """The contents of a directory, by name."""
    return page.of("contents", _files(request, path).list_directory("/" + path))


@router.delete("/directories/{path:path}", status_code=204)
def delete_directory(request: Request, path: str) -> None:
    """Remove an empty directory."""
    _files(request, path).delete_directory(path)
