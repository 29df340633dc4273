"""Workspace files and notebooks, as files under the home's `workspace/` folder.

`/Workspace/Users/me/plan.txt` and `/Users/me/plan.txt` are the same file. A notebook lies on disk as
`name.ipynb` and is called `name` in the workspace, as on Databricks, which drops the extension at import;
every call takes either spelling. A notebook that comes as Python or SQL source becomes one of Jupyter's.

`/Users`, `/Shared` and the home of each user are always there and can't be deleted: see
https://docs.databricks.com/aws/en/workspace/workspace-browser.
"""

import contextlib
import json
import shutil
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Required, TypedDict

from local_workspace.engines.workspace import notebook_environment
from local_workspace.engines.workspace.notebook_source import (
    LANGUAGES,
    Language,
    as_source,
    from_source,
    language_of,
    source_language,
)
from local_workspace.runtime.errors import ApiError, already_exists, invalid, not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.partial_files import PartialFiles

IMPORT_FORMATS = ("AUTO", "SOURCE", "RAW", "JUPYTER")
EXPORT_FORMATS = ("AUTO", "SOURCE", "RAW", "JUPYTER")
NOTEBOOK = ".ipynb"
MAX_NOTEBOOK = 10 * 1024**2  # bytes
_EXTENSIONS = (".py", ".sql", ".scala", ".r")
# A file system takes names of 255 bytes; a notebook's has room for its extension.
MAX_NAME, MAX_PATH, MAX_DEPTH = 249, 2048, 100


class ObjectInfo(TypedDict, total=False):
    """What is at a path, as the API's ObjectInfo; times in ms, `size` in bytes."""

    path: Required[str]
    object_type: str
    object_id: int
    resource_id: str
    created_at: int
    modified_at: int
    language: str
    size: int


class Place(NamedTuple):
    """A folder, notebook or file: the kind and the id by which permissions name it, and its path."""

    kind: str
    object_id: str
    path: str


KINDS = {"DIRECTORY": "directories", "NOTEBOOK": "notebooks", "FILE": "files"}
"""The kinds of workspace objects in the permissions API, by the types that the workspace API has."""


class WorkspaceFiles:
    """The tree of folders, files and notebooks. Paths are workspace paths; `resolve` leads to the disk.

    `users` gives the names of those who have a home.
    """

    def __init__(self, home: Home, users: Callable[[], Iterable[str]] = tuple) -> None:
        self._users = users
        self._root = home.workspace_files.resolve()
        self._partial = PartialFiles(home.root / "workspace.partial")

    def resolve(self, path: str) -> Path:
        """The file, notebook or folder at `path`, with or without `/Workspace` and `.ipynb`.

        Raises 404 if there is none, 400 if the path leaves the workspace.
        """
        place = self._place(path)
        for candidate in (_as_notebook(place), place):
            if candidate.exists():
                return candidate
        if place in self._standing():
            place.mkdir(parents=True, exist_ok=True)
            return place
        raise not_found(f"The workspace has nothing at {path!r}. Import it first (w.workspace.upload).")

    def mkdirs(self, path: str) -> None:
        """Create a folder and its parents; it may exist. Raises 400 if one of them is a file."""
        place = self._place(path)
        for folder in (place, *place.parents):
            if folder == self._root:
                break
            if folder.is_file() or _as_notebook(folder).is_file():
                raise invalid(f"Can't make the folder {path!r}: {self._name(folder)!r} is a file.")
        place.mkdir(parents=True, exist_ok=True)

    def write(
        self, path: str, content: bytes, format: str = "AUTO", overwrite: bool = False, language: str | None = None
    ) -> None:
        """Put a file or notebook in place, whole or not at all.

        SOURCE with a `language` and no extension is a notebook, and so is, for AUTO and SOURCE, what begins as one in
        source format; AUTO then drops the extension, `.py` or `.sql`.

        Raises 400 (path, format, language, content, size), 404 (no such folder), 409 (exists, and no `overwrite`).
        """
        size = len(content)
        place, content = self._target(path, content, format, language)
        if place.suffix == NOTEBOOK and size > MAX_NOTEBOOK:
            # The words are those of Databricks: https://github.com/databricks/automl/issues/112
            message = f"File size imported is ({size} bytes), exceeded max size ({MAX_NOTEBOOK} bytes)"
            raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
        if not place.parent.is_dir() and place.parent not in self._standing():
            raise not_found(f"The folder {self._name(place.parent)!r} does not exist. Create it with mkdirs.")
        if place.is_dir() or (place.suffix == NOTEBOOK and place.with_suffix("").is_dir()):
            raise already_exists(f"{path!r} is a folder.")
        if place.exists() and not overwrite:
            raise already_exists(f"{path!r} exists already. Import it with overwrite to replace it.")
        place.parent.mkdir(parents=True, exist_ok=True)
        self._write(place, content)

    def status(self, path: str) -> ObjectInfo:
        """What is at `path`, as the API's ObjectInfo. Raises 404."""
        return self._info(self.resolve(path))

    def find(self, object_id: str, object_type: str) -> ObjectInfo:
        """The object of that type by its id, as the API's ObjectInfo. Raises 404."""
        for place in (self._root, *self._root.rglob("*")):
            info = self._listed(place) if str(_id(self._name(place))) == object_id else None
            if info and info["object_type"] == object_type:
                return info
        raise not_found(f"{object_type.capitalize()} {object_id} does not exist.")

    def exists(self, path: str) -> bool:
        """Whether there is something at a path. Raises 400 if it leaves the workspace."""
        place = self._place(path)
        return place.exists() or _as_notebook(place).exists() or place in self._standing()

    def places(self, path: str) -> list[Place]:
        """What is or would be at a path, a folder if nothing is, and the folders above it, the nearest first.

        Raises 400 if the path leaves the workspace.
        """
        place = self._place(path)
        own = next((each for each in (_as_notebook(place), place) if each.exists()), place)
        return [self._as_place(each) for each in (own, *place.parents) if each.is_relative_to(self._root)]

    def places_of(self, kind: str, object_id: str) -> list[Place]:
        """The object of that kind and id, and the folders above it, the nearest first. Raises 404."""
        [object_type] = [each for each, known in KINDS.items() if known == kind]
        return self.places(self.find(object_id, object_type)["path"])

    def below(self, path: str) -> list[Place]:
        """All that is in a folder, at any depth. Raises 404."""
        return [self._as_place(each) for each in self.resolve(path).rglob("*")]

    def target(self, path: str, content: bytes, format: str, language: str | None) -> str:
        """The path at which `write` puts a file or notebook. Raises 400 as it does."""
        return self._name(self._target(path, content, format, language)[0])

    def requirements(self, path: str) -> list[str]:
        """What the environment of a notebook asks for, as lines of requirements. Raises 404; 400 if it can't be."""
        return notebook_environment.requirements(self._notebook(path))

    def environment_version(self, path: str) -> str | None:
        """The version of a notebook's environment, None if it has none. Raises 404."""
        return notebook_environment.version(self._notebook(path))

    def list(self, path: str, notebooks_modified_after: int = 0) -> list[ObjectInfo]:
        """ObjectInfo of everything in a folder, or of the one file, without notebooks that are older. Raises 404."""
        place = self.resolve(path)
        for folder in self._standing():
            if folder.parent == place:
                folder.mkdir(exist_ok=True)
        found = map(self._listed, sorted(place.iterdir()) if place.is_dir() else [place])
        since = notebooks_modified_after
        return [info for info in found if info and (info["object_type"] != "NOTEBOOK" or info["modified_at"] > since)]

    def read(self, path: str, format: str = "SOURCE") -> tuple[bytes, str]:
        """Content and file type of a file; a notebook as Python or SQL source, or as it is with JUPYTER or AUTO.

        Raises 404, or 400 for a folder or another format.
        """
        if format not in EXPORT_FORMATS:
            raise invalid(f"Format {format!r} can't be exported here; it is one of {', '.join(EXPORT_FORMATS)}.")
        place = self.resolve(path)
        if place.is_dir():
            raise invalid(f"{path!r} is a folder; export its files one by one.")
        content = place.read_bytes()
        if place.suffix == NOTEBOOK and format == "SOURCE":
            notebook = _read_notebook(path, content)
            return as_source(notebook).encode(errors="replace"), language_of(notebook).extension.lstrip(".")
        return content, place.suffix.lstrip(".")

    def delete(self, path: str, recursive: bool = False) -> None:
        """Remove a file or folder.

        Raises 404; 400 if it is always there, or if it is a folder with content and not `recursive`.
        """
        place = self.resolve(path)
        if place == self._root:
            raise invalid("The root folder can't be deleted.")
        if place in self._standing():
            raise invalid(f"Folder {place.name} is protected; delete what is in it.")
        if place.is_file():
            place.unlink()
        elif recursive:
            shutil.rmtree(place)
        elif any(place.iterdir()):
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"The folder {path!r} is not empty. Delete it recursively.")
        else:
            place.rmdir()

    def _standing(self) -> set[Path]:
        """The folders that are always there; on the disk they are made when they are asked for."""
        users = self._root / "Users"
        return {users, self._root / "Shared", *(users / name for name in self._users())}

    def _place(self, path: str) -> Path:
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not path or ".." in parts or "\0" in path:
            raise invalid(f"{path!r} is not a path inside the workspace.")
        _check_length(path, parts)
        place = self._root.joinpath(*(parts[1:] if parts[:1] == ["Workspace"] else parts))
        if not place.resolve().is_relative_to(self._root):
            raise invalid(f"{path!r} leads out of the workspace.")
        return place

    def _target(self, path: str, content: bytes, format: str, language: str | None) -> tuple[Path, bytes]:
        if format not in IMPORT_FORMATS:
            raise invalid(f"Format {format!r} can't be imported here; it is one of {', '.join(IMPORT_FORMATS)}.")
        place = self._place(path)
        # The SDK's upload sends SOURCE and the language of the extension for every .py and .sql that is to be a file.
        named = format == "SOURCE" and language and place.suffix.lower() not in _EXTENSIONS
        written = source_language(content) if format in ("SOURCE", "AUTO") else None
        if named and not written:
            written = _language(str(language))
        if written:
            name = place.name.removesuffix(written.extension) if format == "AUTO" else place.name
            return _as_notebook(place.with_name(name)), _from_source(path, content, written)
        if format != "JUPYTER" and place.suffix != NOTEBOOK:
            return place, content
        _read_notebook(path, content)
        return _as_notebook(place), content

    def _as_place(self, place: Path) -> Place:
        name = self._name(place)
        kind = "NOTEBOOK" if place.suffix == NOTEBOOK else "FILE" if place.is_file() else "DIRECTORY"
        return Place(KINDS[kind], str(_id(name)), name)

    def _notebook(self, path: str) -> dict[str, Any]:
        """The notebook at a path; an empty one if that is something else."""
        place = self.resolve(path)
        return _read_notebook(path, place.read_bytes()) if place.suffix == NOTEBOOK else {}

    def _write(self, place: Path, content: bytes) -> None:
        with self._partial.writing(place) as file:
            file.write(content)

    def _name(self, place: Path) -> str:
        parts = place.relative_to(self._root).parts
        return f"/{'/'.join(parts)}".removesuffix(NOTEBOOK)

    def _listed(self, place: Path) -> ObjectInfo | None:
        """What is at a place; None if it is gone meanwhile, or a link that leads nowhere."""
        try:
            return self._info(place)
        except FileNotFoundError:
            return None

    def _info(self, place: Path) -> ObjectInfo:
        name, stat = self._name(place), place.stat()
        info: ObjectInfo = {
            "path": name,
            "object_id": _id(name),
            "resource_id": str(_id(name)),
            "created_at": int(stat.st_ctime * 1000),
            "modified_at": int(stat.st_mtime * 1000),
        }
        if place.is_dir():
            return info | {"object_type": "DIRECTORY"}
        if place.suffix == NOTEBOOK:
            info["object_type"] = "NOTEBOOK"
            with contextlib.suppress(ApiError):  # a notebook that a task has not written whole is listed all the same
                info["language"] = language_of(_read_notebook(name, place.read_bytes())).name
            return info
        return info | {"object_type": "FILE", "size": stat.st_size}


def _id(name: str) -> int:
    return zlib.crc32(name.encode())


def _as_notebook(place: Path) -> Path:
    return place if place.suffix == NOTEBOOK else place.with_name(place.name + NOTEBOOK)


def _language(name: str) -> Language:
    if name not in LANGUAGES:
        raise invalid(
            f"language: a local workspace runs notebooks in {' and '.join(LANGUAGES)}; {name} is not supported."
        )
    return LANGUAGES[name]


def _from_source(path: str, content: bytes, language: Language) -> bytes:
    try:
        return json.dumps(from_source(content.decode(), language)).encode()
    except UnicodeDecodeError as error:
        raise invalid(f"{path!r} is not a notebook in source format: {error}.") from None


def _check_length(path: str, parts: Sequence[str]) -> None:
    if len(parts) > MAX_DEPTH or len(path.encode()) > MAX_PATH or any(len(part.encode()) > MAX_NAME for part in parts):
        raise invalid(
            f"The path {path[:80]!r}… is too long: a name has at most {MAX_NAME} bytes, a path {MAX_PATH} bytes and "
            f"{MAX_DEPTH} folders."
        )


def _read_notebook(path: str, content: bytes) -> dict[str, Any]:
    """The notebook in a file's content, at least a list of cells. Raises 400."""
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise invalid(f"{path!r} is not a Jupyter notebook: {error}.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise invalid(f"{path!r} is not a Jupyter notebook: it has no list of cells.")
    for number, cell in enumerate(cells, 1):
        if not _is_cell(cell):
            raise invalid(
                f"{path!r} is not a Jupyter notebook: its cell {number} has no cell_type or no text as source."
            )
    found: dict[str, Any] = notebook
    return found


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source = cell.get("source")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))
