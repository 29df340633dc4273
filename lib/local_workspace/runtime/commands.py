"""Commands that end by themselves, such as installers and compilers."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_workspace.runtime import environment

_TAIL = 15  # lines of output in an error


def run(
    argv: Sequence[str], folder: Path | None = None, more: Mapping[str, str] | None = None, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `argv` in `folder`; all it prints is in `stdout`. `more` are variables beside those of every child.

    Raises subprocess.TimeoutExpired after `timeout` seconds.
    """
    return subprocess.run(
        argv,
        cwd=folder,
        env=environment.of_child(more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def tail(done: subprocess.CompletedProcess[str]) -> str:
    """The last lines of what a command has printed."""
    return "\n".join(done.stdout.strip().splitlines()[-_TAIL:])
