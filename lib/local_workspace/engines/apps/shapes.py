"""How the API describes an app, from the engine's documents."""

from typing import Any

from local_workspace.engines.apps.deployments import public
from local_workspace.engines.apps.documents import StoredApp, StoredDeployment
from local_workspace.engines.apps.process import AppProcess
from local_workspace.runtime import principals
from local_workspace.runtime.ports import HOST

Json = dict[str, Any]
_OWN_NOTES = ("port", "active", "compute", "problem")  # kept with an app, not shown as they are


def app(
    doc: StoredApp, active: StoredDeployment | None, pending: StoredDeployment | None, process: AppProcess | None
) -> Json:
    """An app with the deployment that runs, the one that is in progress, and its process, where it has them."""
    shown = {key: value for key, value in doc.items() if key not in _OWN_NOTES and value is not None}
    if active:
        shown |= {"active_deployment": public(active), "default_source_code_path": active["source_code_path"]}
    if pending:
        shown["pending_deployment"] = public(pending)
    return shown | {
        "oauth2_app_client_id": doc["id"],
        "service_principal_client_id": principals.service_principal(doc["name"]),
        "url": url(doc["port"]),
        "app_status": _status(doc, process),
        "compute_status": {"state": doc["compute"], "message": f"App compute is {doc['compute']}."},
    }


def url(port: int) -> str:
    """The URL of an app whose gateway is on `port`."""
    return f"http://{HOST}:{port}"


def _status(doc: StoredApp, process: AppProcess | None) -> Json:
    if doc["compute"] != "ACTIVE":
        return {"state": "UNAVAILABLE", "message": "App is stopped."}
    if doc["problem"]:
        return {"state": "CRASHED", "message": doc["problem"]}
    if process:
        return {"state": process.state, "message": process.message}
    return {"state": "UNAVAILABLE", "message": "App has not been deployed yet."}
