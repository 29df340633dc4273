"""Apps with a package.json: https://docs.databricks.com/aws/en/dev-tools/databricks-apps/dependencies."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from local_workspace.runtime import commands
from local_workspace.runtime.errors import invalid

FILE = "package.json"
START = ["npm", "run", "start"]
_TIMEOUT = 900  # seconds for one step


def is_node(folder: Path) -> bool:
    """Whether the app in `folder` has packages of Node.js."""
    return (folder / FILE).is_file()


def install(folder: Path) -> None:
    """Install the packages into `folder`, and run the script `build` if there is one.

    Raises 400 if there is no npm on this machine or it fails, with the end of its output.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise invalid(f"The app has a {FILE}, and this machine has no npm. Install Node.js 22, and deploy again.")
    if not (folder / "node_modules").exists():
        _run([npm, "install", "--no-audit", "--no-fund", "--prefer-offline"], folder)
        if "build" in _scripts(folder):
            _run([npm, "run", "build"], folder)


def _scripts(folder: Path) -> dict[str, str]:
    try:
        scripts = json.loads((folder / FILE).read_text()).get("scripts", {})
    except (ValueError, AttributeError) as error:
        raise invalid(f"{FILE} is no JSON object: {error}") from None
    return scripts if isinstance(scripts, dict) else {}


def _run(argv: Sequence[str], folder: Path) -> None:
    done = commands.run(argv, folder, timeout=_TIMEOUT)
    if done.returncode:
        raise invalid(f"`npm {' '.join(argv[1:])}` failed:\n{commands.tail(done)}")
