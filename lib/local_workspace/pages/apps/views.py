"""What the pages show of an app, arranged from what the engine says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SETTLING = ("DEPLOYING", "STARTING", "STOPPING")


@dataclass(frozen=True)
class Deployment:
    """A deployment; `running` says that it is the one that runs."""

    id: str
    state: str
    message: str
    source: str
    creator: str
    created: str
    running: bool


@dataclass(frozen=True)
class App:
    """An app; `state` is one word for its compute and its process, `resources` are a name and a kind each."""

    name: str
    state: str
    message: str
    url: str
    description: str
    creator: str
    created: str
    principal: str
    source: str
    stopped: bool
    pending: bool
    resources: list[tuple[str, str]] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether its state changes by itself."""
        return self.pending or self.state in _SETTLING


def app_of(doc: Mapping[str, Any]) -> App:
    """The app that the engine describes as `doc`."""
    stopped = doc["compute_status"]["state"] != "ACTIVE"
    pending, active = doc.get("pending_deployment"), doc.get("active_deployment")
    state, message = doc["app_status"]["state"], doc["app_status"]["message"]
    if stopped:
        state, message = "STOPPED", doc["compute_status"]["message"]
    elif pending:
        state, message = "DEPLOYING", pending["status"]["message"]
    elif not active and state == "UNAVAILABLE":
        state, message = "NOT_DEPLOYED", "Nothing has been deployed yet."
    return App(
        doc["name"],
        state,
        message,
        doc["url"],
        doc.get("description") or "",
        doc["creator"],
        doc["create_time"],
        doc["service_principal_name"],
        doc.get("default_source_code_path", ""),
        stopped,
        pending is not None,
        [(each["name"], next(key for key in each if key not in ("name", "description"))) for each in doc["resources"]],
    )


def deployments_of(docs: list[dict[str, Any]], app: Mapping[str, Any]) -> list[Deployment]:
    """An app's deployments, the newest first."""
    active = (app.get("active_deployment") or {}).get("deployment_id")
    return [
        Deployment(
            doc["deployment_id"],
            doc["status"]["state"],
            doc["status"]["message"],
            doc["source_code_path"],
            doc["creator"],
            doc["create_time"],
            doc["deployment_id"] == active,
        )
        for doc in docs
    ]
