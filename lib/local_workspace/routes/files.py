"""The Files API over volumes and the files of registered models, of runs and of logged models."""

import mimetypes
import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Annotated, NotRequired, TypedDict

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from local_workspace.engines.files import DirectoryEntry, FileTree
from local_workspace.engines.mlflow.artifacts import ROOT
from local_workspace.http.errors import error_response
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import model_access
from local_workspace.runtime.errors import ApiError

_RANGE = re.compile(r"(\d{1,100})-(\d{0,100})|-(?=\d*[1-9])\d{1,100}", re.ASCII)

router = APIRouter(prefix="/api/2.0/fs", dependencies=[REFUSE_UNKNOWN])


class Listing(TypedDict):
    """A page of the contents of a directory."""

    contents: list[DirectoryEntry]
    next_page_token: NotRequired[str]


def _files(request: Request, path: str) -> FileTree:
    """The engine of the files at `path`."""
    engines, root = request.app.state.engines, path.strip("/").partition("/")[0]
    if root == ROOT:
        artifacts: FileTree = engines.mlflow.files
        return artifacts
    if root == "Models" and request.method in ("GET", "HEAD"):
        model_access.check(request, ".".join(path.strip("/").split("/")[1:4]))
    files: FileTree = engines.model_files if root == "Models" else engines.files
    return files


def _time(date: str) -> float | None:
    """A header's date in seconds since 1970; None if it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):  # the latter for numbers that no clock has
        return None


def _starts(header: str) -> list[int]:
    """Where the ranges of a Range header begin, 0 for one from the end; empty unless all of them can be read."""
    unit, _, ranges = header.partition("=")
    found = [_RANGE.fullmatch(each.strip()) for each in ranges.split(",")]
    if unit.strip().lower() != "bytes" or not all(found):
        return []
    ends = [(int(each[1] or 0), each[2]) for each in found if each]
    return [] if any(last and first > int(last) for first, last in ends) else [first for first, _ in ends]


@router.put("/files/{path:path}", status_code=204)
async def upload(request: Request, path: str, overwrite: bool = False) -> None:
    """Write a file from the request's body."""
    await _files(request, path).write(path, request.stream(), overwrite)


@router.get("/files/{path:path}", response_class=FileResponse)
def download(request: Request, path: str) -> Response:
    """A file's content, or the range of it that is asked for.

    Raises ApiError 412 if the file has changed since `If-Unmodified-Since`: a client goes on with a download so.
    """
    local = _files(request, path).file(path)
    found, starts = local.stat(), _starts(request.headers.get("range", ""))
    since = _time(request.headers.get("if-unmodified-since", ""))
    if since is not None and int(found.st_mtime) > since:
        raise ApiError(412, "PRECONDITION_FAILED", f"'{path}' has changed since the time in If-Unmodified-Since.")
    if not starts:  # RFC 9110, 14.2: a range that can't be read is ignored
        request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"range"]
    elif "if-range" not in request.headers and max(starts) >= found.st_size:
        reason = f"The range begins behind the end of '{path}', which has {found.st_size} bytes."
        return error_response(416, "INVALID_PARAMETER_VALUE", reason, {"Content-Range": f"bytes */{found.st_size}"})
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
    changed_at = _files(request, path).directory_changed(path)
    return Response(headers={"Last-Modified": formatdate(changed_at, usegmt=True)})


@router.get("/directories/{path:path}", response_model=Listing)
def list_directory(request: Request, path: str, page: Annotated[Page, Depends(by_page_size)]) -> Mapping[str, object]:
    """The contents of a directory, by name."""
    return page.of("contents", _files(request, path).list_directory("/" + path))


@router.delete("/directories/{path:path}", status_code=204)
def delete_directory(request: Request, path: str) -> None:
    """Remove an empty directory."""
    _files(request, path).delete_directory(path)
