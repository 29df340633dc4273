"""What the pages show of an endpoint, arranged from what the engine says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_workspace.engines.serving import ServingEngine, Traffic

_TRACING = "ENABLE_MLFLOW_TRACING"
_ASLEEP = "Scaled to zero"


@dataclass(frozen=True)
class Served:
    """A config of an endpoint: its version, the entity that it serves, its state and a message about that."""

    config_version: int
    entity: str
    model: str
    version: str
    state: str
    message: str

    @property
    def link(self) -> str:
        """The page of the model in the catalog; empty for an external one."""
        return f"/explore/data/models/{self.model.replace('.', '/')}" if self.version else ""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: `state` in a word, `busy` while that changes by itself, and its calls of the last hour."""

    name: str
    state: str
    busy: bool
    created: int
    updated: int
    served: list[Served]
    task: str
    experiment: str
    traffic: Traffic

    @property
    def newest(self) -> Served | None:
        """The config that is served, or is about to be."""
        return self.served[0] if self.served else None

    @property
    def traces(self) -> str:
        """Where MLflow shows its traces; empty if it leaves none."""
        return f"/mlflow/#/experiments/{self.experiment}/traces" if self.experiment else ""


def endpoint_of(engine: ServingEngine, doc: Mapping[str, Any]) -> Endpoint:
    """The endpoint that the engine describes as `doc`."""
    served = [_served(doc[key]) for key in ("config", "pending_config") if key in doc]
    state, name = _state(doc["state"], served), doc["name"]
    return Endpoint(
        name,
        state,
        state in ("STARTING", "UPDATING", "RECOVERING"),
        doc["creation_timestamp"],
        doc["last_updated_timestamp"],
        served,
        engine.card(name).task,
        _experiment(doc.get("config") or doc["pending_config"]),
        engine.traffic(name),
    )


def _served(config: Mapping[str, Any]) -> Served:
    entity = config["served_entities"][0]
    model = entity.get("entity_name") or entity["external_model"]["name"]
    state = entity["state"]
    return Served(
        config["config_version"],
        entity["name"],
        model,
        str(entity.get("entity_version", "")),
        state["deployment"].removeprefix("DEPLOYMENT_"),
        state["deployment_state_message"],
    )


def _state(state: Mapping[str, str], served: list[Served]) -> str:
    ready = state["ready"] == "READY"
    if state["config_update"] == "IN_PROGRESS":
        return "UPDATING" if ready else "STARTING"
    if ready:
        asleep = any(each.message == _ASLEEP for each in served)
        return "SCALED_TO_ZERO" if asleep else "READY"
    return served[0].state if served else "NOT_READY"


def _experiment(config: Mapping[str, Any]) -> str:
    """The id of the experiment that gets its traces; empty if none does."""
    variables = config["served_entities"][0].get("environment_vars") or {}
    traced = str(variables.get(_TRACING, "")).lower() == "true"
    return str(variables.get("MLFLOW_EXPERIMENT_ID", "")) if traced else ""
