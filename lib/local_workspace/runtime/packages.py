"""Installing Python packages with uv: for a notebook's kernel, and for the environments of tasks."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from local_workspace.runtime import environment

Stop = Callable[[], None]


def run_uv(
    arguments: Sequence[str],
    ambient: Mapping[str, str] = os.environ,
    stopping: Callable[[Stop], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> subprocess.CompletedProcess[str]:
    """Run uv to its end, with stdout and stderr apart. It reads no project's settings.

    `ambient` are the variables to start from; `stopping` gets a function that ends uv early, for as long as it runs.
    """
    from uv import find_uv_bin

    command = [find_uv_bin(), *arguments]
    process = subprocess.Popen(
        command,
        env=environment.of_child(ambient=ambient),
        cwd=Path(sys.prefix),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    with stopping(process.terminate):
        out, errors = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def site_packages(prefix: Path) -> Path:
    """Where the environment at `prefix`, of this Python's version, has its packages."""
    return prefix / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
