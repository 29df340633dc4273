"""One app's process, as the API shows it."""

from collections.abc import Callable

from local_workspace.engines.apps.target import Target
from local_workspace.runtime import ports
from local_workspace.runtime.gateway import Address
from local_workspace.runtime.process_unit import Launch, ProcessUnit
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.supervisor import Policy, State, Status, Supervisor

_START_SECONDS = 120


class AppProcess:
    """Keeps an app running. `plan` is called at each start, with the place where the process has to listen then."""

    def __init__(self, name: str, processes: Processes, plan: Callable[[Target], Launch]) -> None:
        self._socket, self._plan_at = processes.home.socket(f"app-{name}"), plan
        self._target = Target(self._socket, 0)
        unit = ProcessUnit(processes, f"app-{name}", f"the app {name}", self._plan, _START_SECONDS)
        self._supervisor = Supervisor(unit, Policy())

    @property
    def address(self) -> Address | None:
        """Where it listens, None unless it runs."""
        return self._target.address if self._supervisor.status.state is State.RUNNING else None

    @property
    def state(self) -> str:
        """An `ApplicationState`: DEPLOYING, RUNNING or CRASHED."""
        return _shown(self._supervisor.status)[0]

    @property
    def message(self) -> str:
        """A message about the state: after a crash, the reason and the end of the log."""
        return _shown(self._supervisor.status)[1]

    def start(self) -> None:
        """Start it; returns at once."""
        self._supervisor.start()

    def first_outcome(self) -> str | None:
        """Wait for the outcome of the first start: None if it succeeded, else why it failed."""
        try:
            self._supervisor.wait_ready()
        except RuntimeError as error:
            return str(error)
        return None

    def _plan(self) -> Launch:
        self._socket.unlink(missing_ok=True)
        self._target = Target(self._socket, ports.free())
        return self._plan_at(self._target)

    def stop(self) -> None:
        """End it; it is not started again. Safe to call twice."""
        self._supervisor.stop()


def _shown(status: Status) -> tuple[str, str]:
    if status.state is State.RUNNING:
        return "RUNNING", "App has status: App is running"
    return ("CRASHED", status.message) if status.message else ("DEPLOYING", "Starting")
