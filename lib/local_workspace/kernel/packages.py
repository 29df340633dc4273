"""`%pip` and `%restart_python`: packages for one notebook alone, as Databricks has them.

Source: https://docs.databricks.com/aws/en/libraries/notebooks-python-libraries.
"""

import importlib
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from local_workspace.runtime.packages import run_uv

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_GIVEN = ("dbutils", "display", "displayHTML")  # the notebook has these names from the start
_COMMANDS = ("install", "list", "freeze", "show")


class PackagesError(Exception):
    """What `%pip` can't do; the message says what to do instead."""


class NotebookPackages:
    """The packages of one kernel. They are removed when it ends."""

    def __init__(self, shell: "InteractiveShell") -> None:
        self._shell = shell
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # lives as long as the kernel

    def register(self) -> None:
        """Register the two commands with the kernel, in place of IPython's own `%pip`."""
        register = cast("Callable[..., None]", self._shell.register_magic_function)  # IPython types it as a decorator
        register(self.pip, "line", "pip")
        register(self.restart, "line", "restart_python")

    def pip(self, line: str) -> None:
        """`%pip install`: packages for this notebook alone."""
        command, *arguments = shlex.split(line) or [""]
        if command not in _COMMANDS:
            raise PackagesError(f"%pip {command}: a local workspace does %pip install, list, freeze and show.")
        if command == "install":
            arguments = [*arguments, "--target", self._own_folder()]
        done = run_uv(["pip", command, "--python", sys.executable, *arguments])
        print(done.stdout + done.stderr, end="")
        if done.returncode:
            raise PackagesError(f"%pip {line} failed; what it printed says why.")
        importlib.invalidate_caches()
        if command == "install" and (loaded := sorted(self._own_modules() & sys.modules.keys())):
            print(f"{', '.join(loaded)}: loaded already; %restart_python makes Python load what was installed.")

    def restart(self, _line: str = "") -> None:
        """Forget the notebook's names and the modules of its packages, as a new Python with these packages would."""
        kept = {name: self._shell.user_ns[name] for name in _GIVEN if name in self._shell.user_ns}
        self._shell.reset(new_session=False)
        self._shell.user_ns.update(kept)
        for module in [name for name in sys.modules if name.partition(".")[0] in self._own_modules()]:
            del sys.modules[module]

    def _own_modules(self) -> set[str]:
        """The names of the modules that were installed for this notebook."""
        found = Path(self._folder.name).iterdir() if self._folder else iter(())
        return {path.name.partition(".")[0] for path in found if path.suffix != ".dist-info"}

    def _own_folder(self) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="notebook-packages-")
            sys.path.insert(0, self._folder.name)
        return self._folder.name
