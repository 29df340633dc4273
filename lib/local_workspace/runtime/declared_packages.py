"""A process that imports only packages that it has declared, in an environment that has more.

An environment of its own would take a process seconds to build and to compile; hiding what it would lack takes a tenth
of a second, and shows a requirement that was forgotten all the same: its import fails.
"""

import sys
from collections.abc import Collection, Iterable
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from local_workspace.runtime.package_views import closure

_OURS, _HERE = "local_workspace", str(Path(__file__).parents[2])


def declarations(lines: Iterable[str]) -> list[str]:
    """What the lines of a requirements file ask for; its options say where to install from, not what."""
    texts = (line.partition(" #")[0].strip() for line in lines)
    return [text for text in texts if text and not text.startswith(("#", "-"))]


def hide_others(lines: Iterable[str], own: Collection[str]) -> None:
    """Let imports of packages fail that neither the requirements in `lines` nor those of the process itself bring.

    `lines` are those of a requirements file. A line that does not name its package, such as a path, hides nothing.
    """
    try:
        required = [Requirement(line) for line in declarations(lines)]
    except InvalidRequirement:
        return
    brought = closure([*required, *map(Requirement, own)]).values()
    places = {_HERE, *(place for place in sys.path if place.endswith("site-packages"))}
    declared = _Declared({_OURS, *_modules(brought)}, places)
    sys.meta_path.insert(0, declared)
    hidden = {name for name in {each.partition(".")[0] for each in sys.modules} if declared.hides(name)}
    for name in [each for each in sys.modules if each.partition(".")[0] in hidden]:
        del sys.modules[name]  # imported by the process of which this one is a fork


class _Declared(MetaPathFinder):
    """Refuses the top-level modules in `places` that are not among the `declared`."""

    def __init__(self, declared: Collection[str], places: Collection[str]) -> None:
        self._declared, self._places = declared, places

    def find_spec(self, fullname: str, path: object, _target: object = None) -> ModuleSpec | None:
        """None, which leaves a module to others; one that is elsewhere; raises ModuleNotFoundError for a hidden one."""
        if path is not None or fullname in sys.stdlib_module_names or fullname in self._declared:
            return None
        elsewhere = [place for place in sys.path if place not in self._places]
        if (found := PathFinder.find_spec(fullname, elsewhere)) or not PathFinder.find_spec(fullname):
            return found
        raise ModuleNotFoundError(
            f"No module named {fullname!r}: the workspace has it, but it is not among the requirements.", name=fullname
        )

    def hides(self, name: str) -> bool:
        """Whether importing the top-level module `name` fails, though it is installed."""
        try:
            self.find_spec(name, None)
        except ModuleNotFoundError:
            return True
        return False


def _modules(distributions: Iterable[metadata.Distribution]) -> set[str]:
    """The names of the distributions' top-level modules, by the lists of their files."""
    texts = [one.read_text(name) or "" for one in distributions for name in ("RECORD", "top_level.txt")]
    paths = {line.partition(",")[0].partition("/")[0] for text in texts for line in text.splitlines()}
    return {path.partition(".")[0] for path in paths}
