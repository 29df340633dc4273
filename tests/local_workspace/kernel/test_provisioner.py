"""Kernels that are forks of a prepared Python, started by Jupyter's own client."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager

from caspers.runbook import kernels
from local_workspace.kernel import provisioner
from waiting import eventually

STARTS_A_KERNEL = """
import sys
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
print(manager.provisioner.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", provisioner.NAME)


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": provisioner.NAME}
    manager.start_kernel(cwd="/")
    yield manager
    manager.shutdown_kernel(now=True)
    provisioner.python.close()


def printed(manager: KernelManager, code: str) -> str:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    texts: list[str] = []
    client.execute_interactive(
        code, timeout=60, output_hook=lambda found: texts.append(found["content"].get("text", ""))
    )
    client.stop_channels()
    return "".join(texts).strip()


def test_the_runbook_starts_imports_before_the_first_kernel() -> None:
    provisioner.python.close()
    kernels.prepare()
    assert provisioner.python.pid is not None
    assert "ipykernel.kernelapp" in psutil.Process(provisioner.python.pid).cmdline()


def test_a_kernel_is_a_fork_with_what_notebooks_import(kernel: KernelManager) -> None:
    assert printed(kernel, "import os, sys; print('mlflow' in sys.modules, os.getcwd(), os.getppid())") == (
        f"True / {provisioner.python.pid}"
    )
    assert "ipykernel_launcher" in psutil.Process(kernel.provisioner.pid).cmdline()[0]


def test_its_charts_are_inline(kernel: KernelManager) -> None:
    code = "import matplotlib; print(matplotlib.get_backend())"
    assert printed(kernel, code) in ("inline", "module://matplotlib_inline.backend_inline")


def test_it_is_interrupted_and_restarted(kernel: KernelManager) -> None:
    before = kernel.provisioner.pid
    kernel.interrupt_kernel()
    assert printed(kernel, "print('goes on')") == "goes on"
    kernel.restart_kernel(now=True)
    assert printed(kernel, "print('again')") == "again"
    assert kernel.provisioner.pid != before


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_KERNEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    assert owner.stdin and owner.stdout
    pid = int(owner.stdout.readline())
    eventually(lambda: "ipykernel_launcher" in psutil.Process(pid).cmdline()[0])
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()
    eventually(lambda: not psutil.pid_exists(pid))
