"""The versions of serverless environments, and the packages that each brings before a task's own dependencies.

Here they bring what this machine has of them, in the releases and for the Python that it has.
"""

from functools import cache
from pathlib import Path

from local_workspace.runtime.errors import invalid

_TABLE = Path(__file__).with_suffix(".txt")


def packages(version: str, place: str = "") -> frozenset[str]:
    """The names of the packages of a version, such as '4'; `place` is before the field's name in an error.

    Raises ApiError 400 for a version that is not known.
    """
    table = _versions()
    if version not in table:
        raise invalid(f"{place}environment_version must be one of {', '.join(sorted(table))}, not {version!r}.")
    return table[version]


@cache
def _versions() -> dict[str, frozenset[str]]:
    rows = [line.split() for line in _TABLE.read_text().splitlines() if not line.startswith("#")]
    return {
        version: frozenset(name for name, versions in rows if version in versions)
        for version in {digit for _, versions in rows for digit in versions}
    }
