"""Some of the packages of this Python's environment, as a folder of links to them.

A Python whose path has that folder instead of the environment's own has these packages and no others: their modules,
their metadata and their entry points. Links are made in a hundredth of a second, where an installation takes seconds.
A module that several packages share is there whole if one of them is, as a namespace such as `databricks` is.
"""

import csv
import json
from collections.abc import Collection, Iterable, Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

Found = dict[str, metadata.Distribution]


def closure(required: Iterable[Requirement], over: Found | None = None) -> Found:
    """The installed packages that these requirements bring, with what those require in turn, by their names.

    A package in `over` is taken instead of the installed one of its name.
    """
    found: Found = {}
    seen, left = set(), list(required)
    while left:
        requirement = left.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = (over or {}).get(name) or metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of another platform, or optional
        left += [each for each in map(Requirement, found[name].requires or []) if _applies(each, extras)]
    return found


def required(lines: Iterable[str], layer: Found) -> Iterator[Requirement]:
    """What lines of a requirements file ask for, with paths and addresses as uv was given them.

    Such a line has no name; the package that was installed from there has, be it in `layer` or in this environment.
    """
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            yield from _installed_from(line, layer)


def installed_in(packages: Path) -> Found:
    """The packages in a directory such as an environment's `site-packages`, by their names."""
    return {canonicalize_name(each.name): each for each in metadata.distributions(path=[str(packages)])}


def top_level(distribution: metadata.Distribution) -> set[str]:
    """What a package has directly in `site-packages`, by the list of its files: modules, folders, its metadata."""
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    return {PurePosixPath(row[0]).parts[0] for row in rows if row} - {"/", "..", "__pycache__"}


def link(folder: Path, distributions: Iterable[metadata.Distribution]) -> None:
    """Make `folder`, with links to what these packages have."""
    folder.mkdir()
    for place in sorted(set(_places(distributions))):
        (folder / place.name).symlink_to(place)


def _installed_from(line: str, layer: Found) -> Iterator[Requirement]:
    source, bracket, extras = line.removeprefix("--editable").strip().partition("[")
    for each in (*layer.values(), *metadata.distributions()):
        if origin := each.read_text("direct_url.json"):
            url = json.loads(origin)["url"]
            if url in (source, Path(source).as_uri() if source.startswith("/") else ""):
                yield Requirement(f"{each.name}{bracket}{extras}")


def _places(distributions: Iterable[metadata.Distribution]) -> Iterator[Path]:
    for each in distributions:
        places = (Path(str(each.locate_file(name))) for name in top_level(each))
        yield from (place for place in places if place.exists())


def _applies(requirement: Requirement, extras: Collection[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
