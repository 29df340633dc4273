"""The processes of the workspace with what they use, and their logs."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypedDict

import psutil

from local_workspace.engines.health.usage import Usage, usages
from local_workspace.runtime.errors import ApiError, not_found
from local_workspace.runtime.free_space import FreeSpace
from local_workspace.runtime.home import Home
from local_workspace.runtime.log_files import end_of
from local_workspace.runtime.processes import Processes, Spawned

SERVICE = "workspace"
_LOG_BYTES = 256 * 1024
_TITLES = {"spark": "Apache Spark", "mlflow": "MLflow"}
# The beginnings of the names of the processes that run for long, and what these are; others belong to a task.
_KINDS = {"postgres-": "Postgres", "endpoint-": "Serving endpoint", "app-": "App"}


class EngineHealth(TypedDict):
    """A part of the workspace that is a process of its own.

    `memory_bytes` and `cpu_seconds` are those of the process and all that it has started and that still runs;
    `started_at` is in milliseconds since 1970, None for one that does not run. `message` says why it failed.
    """

    name: str
    title: str
    state: str
    message: str
    processes: int
    memory_bytes: int
    cpu_seconds: float
    started_at: int | None
    restarts: int


class HealthEngine:
    """Reports on the processes that `processes` has started and on this one.

    `states` gives the states of those that are supervised, `failures` why an engine did not start, `space` how much
    room there is; `disk` reports that.
    """

    def __init__(
        self,
        home: Home,
        processes: Processes,
        states: Mapping[str, Callable[[], str]],
        failures: Mapping[str, str],
        space: FreeSpace,
    ) -> None:
        self._home, self._processes, self._states, self._failures = home, processes, states, failures
        self.disk = space.report

    def list(self) -> list[EngineHealth]:
        """The service, then the engines and the processes of tasks that run, in the order of their first start."""
        spawned = [each for each in self._processes.spawned() if each.child.alive() or _runs_for_long(each.child.name)]
        used = usages([each.child.pid for each in spawned])
        rows = [self._of_service(), *(self._row(each, used.get(each.child.pid)) for each in spawned)]
        return [*rows, *self._failed({row["name"] for row in rows})]

    def get(self, name: str) -> EngineHealth:
        """One of `list`. Raises ApiError 404."""
        for row in self.list():
            if row["name"] == name:
                return row
        raise _unknown(name)

    def log(self, name: str) -> str:
        """The last part of an engine's log; empty if it has not written any. Raises ApiError 404."""
        if name not in {SERVICE, *self._failures, *(each.child.name for each in self._processes.spawned())}:
            raise _unknown(name)
        return end_of(self._home.logs / f"{name}.log", _LOG_BYTES)

    def _of_service(self) -> EngineHealth:
        me = psutil.Process()
        times = me.cpu_times()
        return {
            "name": SERVICE,
            "title": "Workspace service",
            "state": "RUNNING",
            "message": "",
            "processes": 1,
            "memory_bytes": me.memory_info().rss,
            "cpu_seconds": round(times.user + times.system, 1),
            "started_at": round(me.create_time() * 1000),
            "restarts": 0,
        }

    def _row(self, spawned: Spawned, used: Usage | None) -> EngineHealth:
        name = spawned.child.name
        state = self._states[name]() if name in self._states else "running" if spawned.child.alive() else "stopped"
        return {
            "name": name,
            "title": _title(name),
            "state": state.upper(),
            "message": "",
            "processes": used.processes if used else 0,
            "memory_bytes": used.memory_bytes if used else 0,
            "cpu_seconds": round(used.cpu_seconds, 1) if used else 0.0,
            "started_at": round(spawned.created * 1000) if spawned.child.alive() else None,
            "restarts": spawned.starts - 1,
        }

    def _failed(self, shown: set[str]) -> Iterator[EngineHealth]:
        """The engines that did not start at all."""
        for name, message in self._failures.items():
            if name not in shown:
                yield {
                    "name": name,
                    "title": _title(name),
                    "state": "FAILED",
                    "message": message,
                    "processes": 0,
                    "memory_bytes": 0,
                    "cpu_seconds": 0.0,
                    "started_at": None,
                    "restarts": 0,
                }


def _unknown(name: str) -> ApiError:
    return not_found(f"The workspace has no engine {name[:80]!r}.")


def _runs_for_long(name: str) -> bool:
    return name in _TITLES or name.startswith(tuple(_KINDS))


def _title(name: str) -> str:
    for beginning, kind in _KINDS.items():
        if name.startswith(beginning):
            return f"{kind} {name.removeprefix(beginning)}"
    return _TITLES.get(name, f"Task {name}")
