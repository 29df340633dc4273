"""The pages' own scripts and styles, and those of the packages that they load."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from local_workspace.pages.rendering import HERE
from local_workspace.runtime import browser_modules, software
from local_workspace.runtime.errors import not_found

router = APIRouter(include_in_schema=False)

_OWN = {path.name: path for path in (HERE / "static").iterdir() if path.is_file()}
_SERVED = {package.served for package in browser_modules.PACKAGES}
_SHARED = {"X-Content-Type-Options": "nosniff"}


@router.get("/static/{name}")
def own_file(name: str) -> Response:
    """A file of ours, which a browser asks for again each time: it may have changed."""
    if name not in _OWN:
        raise not_found(f"The pages have no file {name[:80]!r}.")
    return FileResponse(_OWN[name], headers=_SHARED | {"Cache-Control": "no-cache"})


@router.get(f"{browser_modules.URL}{{name}}")
def module(name: str) -> Response:
    """A package's file; its name has the version, so browsers keep it."""
    if name not in _SERVED:
        raise not_found(f"The pages have no file {name[:80]!r}.")
    headers = _SHARED | {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(
        software.folder() / browser_modules.FOLDER / name, headers=headers, media_type="text/javascript"
    )
