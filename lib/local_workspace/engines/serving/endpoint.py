"""One endpoint: rolls out a new config without dropping a request, and reports its state."""

import contextlib
import functools
import operator
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from local_workspace.engines.serving.access import Resources
from local_workspace.engines.serving.calls import Calls, Traffic
from local_workspace.engines.serving.card import Card
from local_workspace.engines.serving.documents import Config, Entity, Failure, StoredEndpoint
from local_workspace.engines.serving.entity import Reveal, public
from local_workspace.engines.serving.environments import ModelEnvironments
from local_workspace.engines.serving.replica import Replica
from local_workspace.runtime.errors import ApiError, not_found, unavailable
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

KIND = "serving_endpoint"


class Lease:
    """A replica that stays until `release`, so that a config change waits for the request in progress.

    `status` is that of the answer; `calls` get to know of it.
    """

    def __init__(self, replica: Replica, calls: Calls, clock: Callable[[], float]) -> None:
        self.replica, self.status = replica, 500
        self._calls, self._clock, self._began = calls, clock, clock()
        replica.enter()

    def release(self) -> None:
        """The request is answered."""
        self.replica.leave()
        self._calls.add(self._clock() - self._began, self.status)


class Endpoint:
    """Applies the stored document of the endpoint `name`: an active config, a pending one, the last failure.

    `folder` is where the files of a model's version are, `reveal` gives the secret to which a text refers.
    """

    def __init__(
        self,
        name: str,
        store: Store,
        processes: Processes,
        env: dict[str, str],
        folder: Callable[[str, int], Path],
        reveal: Reveal,
        environments: ModelEnvironments,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._store, self._processes, self._env = name, store, processes, env
        self._folder, self._reveal, self._environments, self._clock = folder, reveal, environments, clock
        self._calls = Calls(clock)
        self._replica: Replica | None = None
        self._started: list[Replica] = []
        self._lock = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"endpoint {name}", daemon=True)

    def start(self) -> None:
        """Begin to bring the endpoint up; returns at once."""
        self._thread.start()

    def changed(self) -> None:
        """Begin to serve the new config in the store."""
        self._wake.set()

    def stop(self) -> None:
        """End the process and the thread that watches it."""
        self._stopping.set()
        self._wake.set()
        with self._lock:
            started = list(self._started)
        for replica in started:
            replica.stop()
        self._thread.join()

    def lease(self) -> Lease:
        """A lease for a request to the endpoint. Raises ApiError: 503 while it starts, 400 if its model can't start."""
        with self._lock:
            replica = self._replica
            if replica and replica.ready():
                return Lease(replica, self._calls, self._clock)
        doc = self._document()
        if not doc["config"] and not doc["pending"]:
            raise ApiError(
                400,
                "INVALID_STATE",
                f"Endpoint {self.name} could not start its model: {doc['failed'] and doc['failed']['message']}",
            )
        why = f"; last error: {replica.trouble}" if replica and replica.trouble else ""
        raise unavailable(
            f"Endpoint {self.name} is starting{why}. Poll w.serving_endpoints.get({self.name!r}) until "
            "state.ready is READY."
        )

    def resources(self) -> Resources:
        """What its model may use; of two versions, while one takes over from the other, what either may use."""
        with self._lock:
            started = list(self._started)
        return functools.reduce(operator.or_, (replica.resources for replica in started), Resources())

    def rest(self, seconds: float) -> None:
        """Scale to zero if that is enabled and nobody has called it for so many seconds."""
        with self._lock:
            replica = self._replica
        if replica:
            replica.rest(seconds)

    def traffic(self) -> Traffic:
        """The calls of the last hour that reached a model."""
        return self._calls.last_hour()

    def card(self) -> Card:
        """How its model wants to be called."""
        with self._lock:
            replica = self._replica
        return (replica or self._new_replica(self.config(), tried=False)).card

    def config(self) -> Config:
        """The config that it is about to serve, or serves, or could not start."""
        doc = self._document()
        config = doc["pending"] or doc["config"] or (doc["failed"] and doc["failed"]["config"])
        return cast(Config, config)  # a stored endpoint has one of the three

    def describe(self) -> dict[str, Any]:
        """The endpoint as the REST API shows it."""
        doc = self._document()
        active, pending, failed = doc["config"], doc["pending"], doc["failed"]
        with self._lock:
            replica = self._replica
        ready = replica is not None and replica.ready()
        starting = bool(pending) or bool(active and not ready and not (replica and replica.trouble))
        shown: dict[str, Any] = {
            key: cast(dict[str, Any], doc)[key]
            for key in ("name", "id", "creator", "creation_timestamp", "last_updated_timestamp", "tags", "description")
        }
        update = "IN_PROGRESS" if starting else "UPDATE_FAILED" if failed else "NOT_UPDATING"
        shown |= {
            "state": {"ready": "READY" if ready else "NOT_READY", "config_update": update},
            "permission_level": "CAN_MANAGE",
        }
        if active:
            shown["config"] = _config(active, _deployment(replica))
        elif failed:
            state = {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": failed["message"]}
            shown["config"] = _config(failed["config"], state)
        if pending:
            state = {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "The model is being loaded."}
            shown["pending_config"] = _config(pending, state)
        return shown

    def _run(self) -> None:
        self._resume()
        while not self._stopping.is_set():
            pending = self._document()["pending"]
            if pending:
                self._roll_out(pending)
            else:
                self._wake.wait()
                self._wake.clear()

    def _resume(self) -> None:
        """Start the active config first: the service may have been killed during a change."""
        doc = self._document()
        if doc["config"]:
            replica = self._new_replica(doc["config"], tried=False)
            with self._lock:
                self._replica = replica
            self._start(replica)
            if doc["pending"]:
                with contextlib.suppress(RuntimeError):  # shown in its state; the pending config may do better
                    replica.wait_ready()

    def _roll_out(self, config: Config) -> None:
        """Start the new config beside the old one, then let it take over."""
        replica = self._new_replica(config, tried=True)
        self._start(replica)
        try:
            replica.wait_ready()
        except RuntimeError as error:
            self._retire(replica.stop, replica)
            if not self._stopping.is_set():
                failed: Failure = {"config": config, "message": str(error)}
                self._store.update(KIND, self.name, pending=None, failed=failed)
            return
        self._store.update(KIND, self.name, config=config, pending=None, failed=None)
        with self._lock:
            old, self._replica = self._replica, replica
        if old:
            threading.Thread(target=self._retire, args=[old.drain, old], name=f"drain {self.name}").start()

    def _document(self) -> StoredEndpoint:
        doc = self._store.get(KIND, self.name)
        if doc is None:
            raise not_found(f"There is no endpoint {self.name}.")
        return cast(StoredEndpoint, doc)

    def _new_replica(self, config: Config, tried: bool) -> Replica:
        given = self._processes, self._env, self._folder, self._reveal, self._environments
        return Replica(self.name, config, *given, tried, self._clock)

    def _start(self, replica: Replica) -> None:
        with self._lock:
            if self._stopping.is_set():
                replica.stop()
            else:
                self._started.append(replica)
                replica.start()

    def _retire(self, ending: Callable[[], None], replica: Replica) -> None:
        ending()
        with self._lock:
            self._started = [other for other in self._started if other is not replica]


def _deployment(replica: Replica | None) -> dict[str, str]:
    if replica and replica.asleep:
        return {"deployment": "DEPLOYMENT_READY", "deployment_state_message": "Scaled to zero"}
    if replica and replica.ready():
        return {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}
    if replica and replica.trouble:
        state = "DEPLOYMENT_FAILED" if replica.failed else "DEPLOYMENT_RECOVERING"
        return {"deployment": state, "deployment_state_message": replica.trouble}
    return {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "The model is being loaded."}


def new_config(entity: Entity, version: int) -> Config:
    """A config that serves `entity`, as the store keeps it."""
    stamp = now_ms()
    return {"config_version": version, "entity": {"creation_timestamp": stamp, **entity}, "start_time": stamp}


def _config(config: Config, state: dict[str, str]) -> dict[str, Any]:
    entity = public(config["entity"])
    return {
        "config_version": config["config_version"],
        "start_time": config["start_time"],
        "served_entities": [{**entity, "state": state}],
        "traffic_config": {
            "routes": [
                {"served_model_name": entity["name"], "served_entity_name": entity["name"], "traffic_percentage": 100}
            ]
        },
    }
