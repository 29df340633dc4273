"""Wheels for tests, written without a build."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def wheel(
    folder: Path, name: str, version: str, code: str, entry_points: str = "", files: Mapping[str, str] | None = None
) -> Path:
    """A wheel of the one module `name` with that code, in `folder`; `entry_points` is the text of its file.

    `files` are the texts of others beside the module, by their names.
    """
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as package:
        for file, text in {f"{name}.py": code, **(files or {})}.items():
            package.writestr(file, text)
        package.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        package.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        package.writestr(f"{info}/entry_points.txt", entry_points)
        package.writestr(f"{info}/RECORD", "")
    return path
