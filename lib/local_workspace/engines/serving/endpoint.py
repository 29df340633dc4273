"""One endpoint: keeps its process alive, brings a new config in without dropping a request, knows its state."""

import threading
from collections.abc import Callable

from local_workspace.engines.serving.entity import public
from local_workspace.engines.serving.replica import Replica
from local_workspace.runtime.errors import ApiError, unavailable
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

KIND = "serving_endpoint"
_LONGEST_PAUSE = 60  # seconds between two attempts to bring a dying model server back


class Lease:
    """A replica that stays until `release`, so that a config change waits for the request under way."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        replica.enter()

    def release(self) -> None:
        """The request is answered."""
        self.replica.leave()


class Endpoint:
    """Works off what the store says of the endpoint `name`: an active config, a pending one, the last failure."""

    def __init__(
        self, name: str, store: Store, processes: Processes, env: dict[str, str], await_registry: Callable[[], None]
    ) -> None:
        self.name, self._store, self._processes, self._env = name, store, processes, env
        self._await_registry = await_registry
        self._replica: Replica | None = None
        self._launched: list[Replica] = []
        self._trouble = ""
        self._pause = 0.0
        self._lock = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"endpoint {name}", daemon=True)

    def start(self) -> None:
        """Begin to bring the endpoint up; returns at once."""
        self._thread.start()

    def changed(self) -> None:
        """Look at the store again: there is a new config."""
        self._wake.set()

    def stop(self) -> None:
        """End the process and the thread that watches it."""
        self._stopping.set()
        self._wake.set()
        with self._lock:
            launched, self._launched = self._launched, []
        for replica in launched:
            replica.end()
        self._thread.join()

    def lease(self) -> Lease:
        """The right to ask the endpoint now. Raises ApiError: 503 while it starts, 400 if its model can't start."""
        with self._lock:
            if self._replica and self._replica.alive():
                return Lease(self._replica)
        doc = self._store.get(KIND, self.name) or {}
        if not doc.get("config") and not doc.get("pending"):
            raise ApiError(
                400,
                "INVALID_STATE",
                f"Endpoint {self.name} could not start its model: {(doc.get('failed') or {}).get('message')}",
            )
        why = f"; its last process ended: {self._trouble}" if self._trouble else ""
        raise unavailable(
            f"Endpoint {self.name} is starting{why}. Ask w.serving_endpoints.get({self.name!r}) until "
            "state.ready is READY."
        )

    def config(self) -> dict:
        """The config that it serves or is about to."""
        doc = self._store.get(KIND, self.name)
        return doc["pending"] or doc["config"] or doc["failed"]["config"]

    def describe(self) -> dict:
        """The endpoint as the REST API shows it."""
        doc = self._store.get(KIND, self.name)
        active, pending, failed = doc["config"], doc["pending"], doc["failed"]
        with self._lock:
            ready = self._replica is not None and self._replica.alive()
        starting = bool(pending) or bool(active and not ready and not self._trouble)
        shown = {
            key: doc[key]
            for key in ("name", "id", "creator", "creation_timestamp", "last_updated_timestamp", "tags", "description")
        }
        update = "IN_PROGRESS" if starting else "UPDATE_FAILED" if failed else "NOT_UPDATING"
        shown |= {
            "state": {"ready": "READY" if ready else "NOT_READY", "config_update": update},
            "permission_level": "CAN_MANAGE",
        }
        if active or failed:
            state = self._deployment(bool(active), ready, failed)
            shown["config"] = _config(active or failed["config"], state)
        if pending:
            state = {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "The model is being loaded."}
            shown["pending_config"] = _config(pending, state)
        return shown

    def _deployment(self, active: bool, ready: bool, failed: dict | None) -> dict:
        if ready:
            return {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}
        if not active:
            return {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": failed["message"]}
        if self._trouble:
            return {"deployment": "DEPLOYMENT_RECOVERING", "deployment_state_message": self._trouble}
        return {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "The model is being loaded."}

    def _run(self) -> None:
        while not self._stopping.is_set():
            doc = self._store.get(KIND, self.name)
            alive = self._replica is not None and self._replica.alive()
            if doc["config"] and not alive and not (doc["pending"] and self._trouble):
                self._recover(doc["config"])  # first: a daemon may have been killed amid a change
            elif doc["pending"]:
                self._roll_out(doc["pending"])
            else:
                self._pause = 0.0
            if not self._store.get(KIND, self.name)["pending"]:
                self._wake.wait(self._pause or None)
            self._wake.clear()

    def _roll_out(self, config: dict) -> None:
        """Start the new config beside the old one, then let it take over."""
        try:
            replica = self._bring_up(config)
        except (RuntimeError, ApiError) as error:
            if not self._stopping.is_set():
                self._store.update(KIND, self.name, pending=None, failed={"config": config, "message": str(error)})
                self._wake.set()
            return
        self._store.update(KIND, self.name, config=config, pending=None, failed=None)
        with self._lock:
            old, self._replica = self._replica, replica
        self._trouble, self._pause = "", 0.0
        if old:
            threading.Thread(target=self._retire, args=[old.drain, old], name=f"drain {self.name}").start()

    def _recover(self, config: dict) -> None:
        """Start the active config again, later each time it fails."""
        if self._replica:
            self._retire(self._replica.end, self._replica)
            self._trouble = "its process ended unexpectedly; see the endpoint's logs"
        try:
            replica = self._bring_up(config)
        except (RuntimeError, ApiError) as error:
            self._trouble = str(error)
            self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE)
            return
        with self._lock:
            self._replica = replica
        self._trouble = ""

    def _bring_up(self, config: dict) -> Replica:
        """A replica of `config` that answers. Raises RuntimeError if it can't."""
        if "external_model" not in config["entity"]:
            self._await_registry()
        replica = Replica(self.name, config)
        with self._lock:
            if self._stopping.is_set():
                raise RuntimeError(f"endpoint {self.name} is being stopped")
            replica.launch(self.name, self._processes, self._env, self._wake.set)
            self._launched.append(replica)
        try:
            replica.await_ready()
        except RuntimeError:
            self._retire(replica.end, replica)
            raise
        return replica

    def _retire(self, ending: Callable[[], None], replica: Replica) -> None:
        ending()
        with self._lock:
            if replica in self._launched:
                self._launched.remove(replica)


def new_config(entity: dict, version: int) -> dict:
    """A config that serves `entity`, as the store keeps it."""
    stamp = now_ms()
    return {"config_version": version, "entity": {"creation_timestamp": stamp, **entity}, "start_time": stamp}


def _config(config: dict, state: dict) -> dict:
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
