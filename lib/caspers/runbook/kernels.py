"""Kernels that run in parallel: they use sockets in a private folder, so none races another for a port."""

import os
import shutil
import signal
import tempfile
import threading
from importlib.metadata import entry_points
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

PROVISIONER = "prepared"  # an entry point of this package, local_workspace.kernel.provisioner
LONGEST_PATH = 103  # bytes of a socket's path; macOS allows that, Linux 107


def prepare() -> None:
    """Start importing what notebooks need, in the process that kernels are forked from."""
    (provisioner,) = entry_points(group="jupyter_client.kernel_provisioners", name=PROVISIONER)
    provisioner.load().prepare()


class Kernels:
    """The kernels of one run. A manager made by `manager_class` is known here while its kernel lives."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._managers: set[IpcKernelManager] = set()
        self.manager_class = type("RunKernelManager", (IpcKernelManager,), {"kernels": self})

    def add(self, manager: "IpcKernelManager") -> None:
        """Remember a manager whose kernel starts now."""
        with self._lock:
            self._managers.add(manager)

    def discard(self, manager: "IpcKernelManager") -> None:
        """Forget a manager whose kernel has ended."""
        with self._lock:
            self._managers.discard(manager)

    def interrupt(self) -> None:
        """Prevent further cells from starting, and raise KeyboardInterrupt in each running one."""
        self.closing.set()
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End every kernel now, whatever it is doing."""
        self.closing.set()
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            pids = [manager.kernel_pid for manager in self._managers]
        for pid in filter(None, pids):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it has ended by itself since


def _parent() -> str | None:
    """Where a folder of sockets can be made: None, the system's place, unless their paths would be too long there."""
    longest = Path(tempfile.gettempdir()).resolve() / "kernel-abcdefgh" / "k.json-12345"
    return None if len(os.fsencode(longest)) <= LONGEST_PATH else "/tmp"


class IpcKernelManager(AsyncKernelManager):
    """A kernel manager on unix sockets. Their folder has a short path, as the length of a socket's path is limited."""

    kernels: Kernels

    def __init__(self, **options: object) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kernel-", dir=_parent()))
        super().__init__(transport="ipc", connection_file=str(self._folder / "k.json"), **options)

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification: it starts as a fork of a Python that has imported what notebooks do."""
        found = super().kernel_spec
        if found:
            found.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER}
        return found

    @property
    def kernel_pid(self) -> int | None:
        """Process id of the kernel, None before it has one."""
        return getattr(self.provisioner, "pid", None)

    async def _async_start_kernel(self, **options: object) -> None:
        self.kernels.add(self)
        await super()._async_start_kernel(**options)

    start_kernel = _async_start_kernel

    async def _async_interrupt_kernel(self) -> None:
        # Not before a kernel ends: no cell runs then, and an idle kernel may print the KeyboardInterrupt as an error.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    interrupt_kernel = _async_interrupt_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            self.kernels.discard(self)
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources
