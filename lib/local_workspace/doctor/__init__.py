"""Checks of this machine: whether a workspace can run here, and how to fix what prevents it."""

from collections.abc import Iterator
from pathlib import Path

from local_workspace.doctor import machine
from local_workspace.doctor.finding import Finding

__all__ = ["Finding", "check"]


def check(root: Path) -> Iterator[Finding]:
    """The findings of all checks of this machine, for a workspace with its home at `root`; each as soon as it is known.

    On a system that is not supported, the first finding is the only one.
    """
    yield (system := machine.system())
    if system.verdict == "failed":
        return
    from local_workspace.doctor import network, software, user  # Windows lacks modules that they import

    yield user.user()
    yield user.home(root)
    yield user.users_folder()
    yield user.temporary_folder(root)
    yield user.text()
    yield user.variables()
    yield software.python()
    yield software.packages()
    yield software.java()
    yield software.spark()
    yield software.postgres()
    yield network.localhost()
    yield network.free_ports(root)
    yield network.lakebase_port()
    yield network.lakebase_certificates()
    yield network.proxy()
    yield machine.memory()
    yield machine.disk(root)
    yield machine.open_files()
    yield machine.clock(root)
