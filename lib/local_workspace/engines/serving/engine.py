"""All endpoints of the workspace."""

import builtins
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local_workspace.engines.models import ModelsEngine
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving.access import Resources
from local_workspace.engines.serving.calls import Traffic
from local_workspace.engines.serving.card import Card
from local_workspace.engines.serving.documents import Entity, Settings, StoredEndpoint, Usage
from local_workspace.engines.serving.endpoint import KIND, Endpoint, Lease, new_config
from local_workspace.engines.serving.entity import check_name, read_entity, traced_into
from local_workspace.engines.serving.environments import ModelEnvironments
from local_workspace.engines.serving.gateway import KIND as GATEWAY
from local_workspace.engines.serving.gateway import Gateway
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError, already_exists, invalid, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.layered_environments import Environments
from local_workspace.runtime.log_files import end_of
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

# https://docs.databricks.com/aws/en/machine-learning/model-serving/: scales to zero after 30 minutes without a request
_IDLE_SECONDS, _WATCH_SECONDS = 1800.0, 60.0
_OF_THE_USER = ("SPARK_REMOTE", "LOCAL_WORKSPACE_HOME", "MLFLOW_TRACKING_TOKEN")

Json = dict[str, Any]


class ServingEngine:
    """Creates, changes, calls and removes endpoints, and starts the stored ones again at start.

    `client_env` are the variables with which the official clients find this workspace; every model gets them.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        processes: Processes,
        models: ModelsEngine,
        secrets: SecretsEngine,
        client_env: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home, self._store, self._processes, self._models = home, store, processes, models
        self._secrets = secrets
        self._environments = ModelEnvironments(Environments(home.root / "environments"))
        self._env, self._clock = dict(client_env), clock
        self._stopping = threading.Event()
        self._endpoints: dict[str, Endpoint] = {}
        self._gateways: dict[str, Gateway] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Bring up the endpoints of the store; returns at once."""
        with self._lock:
            for doc in self._store.list(KIND):
                self._open(doc["name"])
        threading.Thread(target=self._watch, name="scale to zero", daemon=True).start()

    def stop(self) -> None:
        """End every endpoint's process. Safe to call twice."""
        self._stopping.set()
        with self._lock:
            endpoints, self._endpoints = list(self._endpoints.values()), {}
        for endpoint in endpoints:
            endpoint.stop()

    def create(
        self,
        name: str,
        config: Json,
        tags: builtins.list[Json] | None = None,
        description: str = "",
        ai_gateway: Settings | None = None,
    ) -> Json:
        """Create an endpoint and begin to start it.

        Raises ApiError: 400 for a bad name or config, 404 for an unknown model, 409 if the name is taken.
        """
        check_name(name)
        entity = self._checked(read_entity(config, self._secrets.reveal))
        stamp = now_ms()
        doc: StoredEndpoint = {
            "name": name,
            "id": f"{self._store.next_id():032x}",
            "creator": "local",
            "creation_timestamp": stamp,
            "last_updated_timestamp": stamp,
            "tags": tags or [],
            "description": description,
            "config": None,
            "failed": None,
            "pending": new_config(entity, 1),
            "newest_version": 1,
        }
        with self._lock:
            if self._store.get(KIND, name):
                raise already_exists(f"Endpoint {name} exists already.")
            if ai_gateway:
                self._configure(name, entity, ai_gateway)
            self._store.put(KIND, name, {**doc})
            return self._open(name).describe()

    def get(self, name: str) -> Json:
        """The endpoint. Raises ApiError 404."""
        return self._shown(self._endpoint(name))

    def by_id(self, endpoint_id: str) -> Json:
        """An endpoint by its id. Raises ApiError 404."""
        for endpoint in self.list():
            if endpoint["id"] == endpoint_id:
                return endpoint
        raise not_found(f"Endpoint with id '{endpoint_id}' does not exist.")

    def list(self) -> list[Json]:
        """All endpoints."""
        with self._lock:
            endpoints = list(self._endpoints.values())
        return [self._shown(endpoint) for endpoint in endpoints]

    def update(self, name: str, config: Json) -> Json:
        """Begin to serve another config; the present one answers until the new one is ready.

        Raises ApiError: 400, 404 as for `create`, 409 while another change is in progress.
        """
        endpoint = self._endpoint(name)
        entity = self._checked(read_entity(config, self._secrets.reveal))
        with self._lock:
            doc = self._store.get(KIND, name)
            if doc is None:
                raise not_found(f"Endpoint {name} was deleted.")
            if doc["pending"]:
                raise ApiError(409, "RESOURCE_CONFLICT", f"Endpoint {name} is being updated; wait until it is done.")
            version = doc["newest_version"] + 1
            self._store.update(
                KIND,
                name,
                pending=new_config(entity, version),
                newest_version=version,
                failed=None,
                last_updated_timestamp=now_ms(),
            )
        endpoint.changed()
        return endpoint.describe()

    def delete(self, name: str) -> None:
        """Remove an endpoint and end its process. Raises ApiError 404."""
        with self._lock:
            endpoint = self._endpoints.pop(name, None)
        if endpoint is None:
            raise not_found(f"There is no endpoint {name}.")
        endpoint.stop()
        with self._lock:
            self._gateways.pop(name, None)
        self._store.delete(KIND, name)
        self._store.delete(GATEWAY, name)

    def gateway(self, name: str) -> Gateway:
        """The limits and usage of endpoint `name`; they may be set before there is such an endpoint."""
        check_name(name)
        with self._lock:
            if name not in self._gateways:
                self._gateways[name] = Gateway(name, self._store)
            return self._gateways[name]

    def usage(self, name: str) -> Usage:
        """The limits of an endpoint and what it has used of its budget. Raises ApiError 404."""
        self._endpoint(name)
        return self.gateway(name).describe()

    def configure(self, name: str, ai_gateway: Settings) -> Json:
        """Set an endpoint's AI Gateway. Raises ApiError: 404, 400 for what a local workspace doesn't do."""
        config = self._endpoint(name).config()
        self._configure(name, config["entity"], ai_gateway)
        return ai_gateway

    def lease(self, name: str) -> Lease:
        """A lease for one request; release it when the answer is complete. Raises ApiError 404, 503, 400."""
        return self._endpoint(name).lease()

    def traffic(self, name: str) -> Traffic:
        """The calls of an endpoint in the last hour, since the workspace started at most. Raises ApiError 404."""
        return self._endpoint(name).traffic()

    def card(self, name: str) -> Card:
        """How the model of an endpoint wants to be called. Raises ApiError 404."""
        return self._endpoint(name).card()

    def resources(self, name: str) -> Resources:
        """What the model of an endpoint may use: nothing if there is no such endpoint."""
        with self._lock:
            endpoint = self._endpoints.get(name)
        return endpoint.resources() if endpoint else Resources()

    def traced_agent(self, name: str) -> str | None:
        """The experiment of an endpoint's traces, if it serves an agent and gives it no credentials of its own.

        Raises ApiError 404.
        """
        entity = self._endpoint(name).config()["entity"]
        experiment = traced_into(entity)
        if experiment is None:
            return None
        card = Card.of_model(self._models.folder(entity["entity_name"], int(entity["entity_version"])))
        return experiment if card.task.startswith("agent/") else None

    def scale_to_zero(self) -> None:
        """Stop the processes of endpoints that may scale to zero and that nobody has called for 30 minutes."""
        with self._lock:
            endpoints = list(self._endpoints.values())
        for endpoint in endpoints:
            endpoint.rest(_IDLE_SECONDS)

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            self.scale_to_zero()

    def logs(self, name: str, served_entity: str) -> str:
        """The end of the log of the newest process. Raises ApiError 404 for another entity's name."""
        shown = self.get(name)
        versions = [
            shown[key]["config_version"]
            for key in ("config", "pending_config")
            if key in shown and shown[key]["served_entities"][0]["name"] == served_entity
        ]
        if not versions:
            raise not_found(f"Endpoint {name} serves no entity {served_entity}.")
        return end_of(self._home.logs / f"endpoint-{name}-{max(versions)}.log")

    def _configure(self, name: str, entity: Entity, ai_gateway: Settings) -> None:
        if ai_gateway.get("rate_limits") and "external_model" not in entity:
            raise invalid("rate_limits: a local workspace keeps them for external models only.")
        self.gateway(name).configure(ai_gateway)

    def _shown(self, endpoint: Endpoint) -> Json:
        settings = self.gateway(endpoint.name).settings
        return {**endpoint.describe(), **({"ai_gateway": settings} if settings else {})}

    def _endpoint(self, name: str) -> Endpoint:
        with self._lock:
            if name in self._endpoints:
                return self._endpoints[name]
        if self._store.get(KIND, name):  # the daemon listens before its engines have started
            raise unavailable(f"The workspace is starting, and endpoint {name} with it; try again in a moment.")
        raise not_found(f"There is no endpoint {name}.")

    def _open(self, name: str) -> Endpoint:
        endpoint = Endpoint(
            name,
            self._store,
            self._processes,
            self._env_of(name),
            self._models.folder,
            self._secrets.reveal,
            self._environments,
            self._clock,
        )
        self._endpoints[name] = endpoint
        endpoint.start()
        return endpoint

    def _env_of(self, name: str) -> dict[str, str]:
        """The variables of the endpoint's model: it signs in as a service principal of its own, without Spark."""
        env = {key: value for key, value in self._env.items() if key not in _OF_THE_USER}
        if "DATABRICKS_TOKEN" not in env:
            return env
        token = principals.lasting_token(env["DATABRICKS_TOKEN"], principals.of_endpoint(name))
        return env | {"DATABRICKS_TOKEN": token, "MLFLOW_TRACKING_URI": "databricks"}

    def _checked(self, entity: Entity) -> Entity:
        """`entity`, whose model's version exists and is registered. Raises ApiError 404, 400."""
        if "external_model" in entity:
            return entity
        version = self._models.version(entity["entity_name"], int(entity["entity_version"]))
        if version["status"] != "READY":
            raise invalid(f"Version {version['version']} of {version['model']} is {version['status']}, not READY.")
        return {**entity, "entity_name": version["model"], "entity_version": str(version["version"])}
