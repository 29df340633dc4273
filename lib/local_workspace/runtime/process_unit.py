"""A process as a supervisor's unit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local_workspace.runtime.processes import GRACE_SECONDS, Child, Processes, await_ready


@dataclass(frozen=True)
class Launch:
    """What to start: the command, the check `ready`, additional environment variables, and the working directory."""

    argv: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


@dataclass(frozen=True)
class Life:
    """A process that was started, and whether it is `ready`."""

    child: Child
    ready: Callable[[], bool]


class ProcessUnit:
    """The process `name`, which messages call `what`; it has `timeout` seconds to get ready.

    `plan` is called at each start, so that a port that was taken meanwhile can change; `clean` after each end. A
    process that is asked to end is killed after `grace` seconds.
    """

    def __init__(
        self,
        processes: Processes,
        name: str,
        what: str,
        plan: Callable[[], Launch],
        timeout: float,
        clean: Callable[[], None] = lambda: None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.what = what
        self._processes, self._name, self._plan, self._timeout, self._clean = processes, name, plan, timeout, clean
        self._grace = grace

    def start(self) -> Life:
        """Start the process. Raises OSError, or what `plan` raises."""
        launch = self._plan()
        return Life(self._processes.spawn(self._name, launch.argv, launch.env, launch.cwd), launch.ready)

    def wait_until_ready(self, handle: Life) -> None:
        """Return once it is ready. Raises RuntimeError with the end of its log."""
        await_ready(handle.child, handle.ready, self.what, self._timeout)

    def wait_end(self, handle: Life) -> str:
        """Wait for its end; returns the exit code and the end of its log in words."""
        code = handle.child.wait()
        return f"{self.what} ended with code {code}:\n{handle.child.log_tail()}"

    def end(self, handle: Life) -> None:
        """End its whole group."""
        handle.child.terminate(self._grace)
        self._clean()
