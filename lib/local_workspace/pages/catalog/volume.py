"""The page of a volume, with its folders and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from local_workspace.engines.files import DirectoryEntry
from local_workspace.pages.catalog.securable import Tab, page, privileges
from local_workspace.pages.engines import Files, Unity
from local_workspace.pages.rendering import render

router = APIRouter(include_in_schema=False)

_ENTRIES = 200  # on one page
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Folder:
    """A part of a folder's entries, folders first; `crumbs` are the folders above with their paths, itself last."""

    path: str
    crumbs: list[tuple[str, str]]
    entries: Sequence[DirectoryEntry]
    total: int
    start: int
    most: int = _ENTRIES


@router.get("/explore/data/volumes/{catalog}/{schema}/{name}")
def volume(
    request: Request,
    unity: Unity,
    files: Files,
    catalog: str,
    schema: str,
    name: str,
    tab: Tab = "",
    volumePath: str = "",  # noqa: N803  # Databricks' name
    start: int = 0,
) -> HTMLResponse:
    """A volume; `volumePath` is the folder in it that is shown, from its entry `start` on."""
    found = unity.volumes.get(f"{catalog}.{schema}.{name}")
    root = f"/Volumes/{catalog}/{schema}/{name}"
    shown = page("volume", found["full_name"], ("overview", "details", "permissions"), tab)
    path = volumePath.rstrip("/") if f"{volumePath}/".startswith(f"{root}/") else root
    return render(
        request,
        "catalog/volume.html",
        page=shown,
        volume=found,
        folder=_folder(files.list_directory(path), root, path, max(start, 0)) if shown.tab == "overview" else None,
        privileges=privileges(unity, shown),
    )


@router.get("/explore/files")
def download(files: Files, path: str) -> FileResponse:
    """A file of a volume, to be saved: a browser neither shows nor runs it."""
    local = files.file(path)
    return FileResponse(local, media_type="application/octet-stream", filename=local.name, headers=_SAFE)


def _folder(entries: list[DirectoryEntry], root: str, path: str, start: int) -> Folder:
    entries.sort(key=lambda entry: (not entry["is_directory"], entry["name"]))
    below = [part for part in path.removeprefix(root).split("/") if part]
    paths = ["/".join((root, *below[:depth])) for depth in range(len(below) + 1)]
    names = [root.rpartition("/")[2], *below]
    crumbs = [(name, f"?volumePath={quote(each)}") for name, each in zip(names, paths, strict=True)]
    return Folder(path, crumbs, entries[start : start + _ENTRIES], len(entries), start)
