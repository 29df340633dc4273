"""Kernels that are forks of a prepared Python; Jupyter finds this by the name `prepared`."""

import asyncio
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from local_workspace.runtime.fork_server import PARENT
from local_workspace.runtime.prepared_python import OF_NOTEBOOKS, ForkedProcess, PreparedPython

NAME = "prepared"
python = PreparedPython(["ipykernel_launcher"], OF_NOTEBOOKS)
if TYPE_CHECKING:
    import subprocess

_PARENT = f"--IPKernelApp.parent_handle={PARENT}"  # a kernel ends when its parent has
_ALLOWED = {"env", "cwd", "stdout", "stderr", "kernel_id", "extra_arguments"}


class PreparedProvisioner(LocalProvisioner):
    """Starts Python kernels as forks of this process's prepared Python, and all others as Jupyter does."""

    executable = Unicode(help="the Python of its kernels; Jupyter's choice if it is empty").tag(config=True)

    @staticmethod
    def prepare() -> None:
        """Start the prepared Python now, so that the first kernel need not wait for its imports."""
        python.prepare()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel that `cmd` names; returns how to reach it."""
        cmd = [self.executable or cmd[0], *cmd[1:]]
        if not (process := await asyncio.to_thread(_fork, cmd, **kwargs)):
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = kwargs.get("cwd")
        self.process = cast("subprocess.Popen[bytes]", process)  # it has the methods that Jupyter calls
        self.pid = self.pgid = process.pid
        return self.connection_info


def _fork(cmd: list[str], **kwargs: Any) -> ForkedProcess | None:
    if not kwargs.keys() <= _ALLOWED:
        return None
    streams = [_descriptor(kwargs.get(name), usual) for name, usual in (("stdout", 1), ("stderr", 2))]
    return python.fork([*cmd, _PARENT], kwargs["env"], kwargs.get("cwd") or Path.cwd(), *streams)


def _descriptor(stream: IO[Any] | int | None, usual: int) -> int:
    if stream is None:
        return usual
    return stream if isinstance(stream, int) else stream.fileno()
