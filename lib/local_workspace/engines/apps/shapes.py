"""How the API describes an app, from the engine's documents."""

from typing import Any

from local_workspace.engines.apps.deployments import public
from local_workspace.engines.apps.documents import StoredApp, StoredDeployment
from local_workspace.engines.apps.process import AppProcess
from local_workspace.runtime import principals
from local_workspace.runtime.ports import HOST

Json = dict[str, Any]
_OWN_NOTES = ("port", "active", "compute", "problem", "kept")  # kept with an app, not shown as they are
_EVERY_SCOPE = ["iam.access-control:read", "iam.current-user:read"]  # which every app may ask for
# The words are those of the platform, as the CLI's acceptance tests record them (libs/testserver/apps.go).
_COMPUTE = {"ACTIVE": "App compute is active.", "STOPPED": "App compute is stopped."}
_UNAVAILABLE = "App status is unavailable."


def app(
    doc: StoredApp, active: StoredDeployment | None, pending: StoredDeployment | None, process: AppProcess | None
) -> Json:
    """An app with the deployment that runs, the one that is in progress, and its process, where it has them."""
    shown = {key: value for key, value in doc.items() if key not in _OWN_NOTES and value is not None}
    if active:
        shown["default_source_code_path"] = active["source_code_path"]
    if active and doc["compute"] == "ACTIVE":
        shown["active_deployment"] = public(active)
    if pending:
        shown["pending_deployment"] = public(pending)
    return (
        shown
        | doc["kept"]
        | _identity(doc)
        | {
            "effective_user_api_scopes": effective_scopes(doc["user_api_scopes"]),
            "forward_user_access_token": True,  # whatever was asked for, as the platform does
            "url": url(doc["port"]),
            "app_status": _status(doc, process),
            "compute_status": {"state": doc["compute"], "message": _COMPUTE[doc["compute"]]},
        }
    )


def effective_scopes(chosen: list[str]) -> list[str]:
    """The scopes that an app has of its callers, from those that were chosen for it."""
    return sorted({*_EVERY_SCOPE, *chosen})


def client_id_of(doc: StoredApp) -> str:
    """The application id of an app's service principal."""
    return principals.service_principal(doc["name"])


def principal_id_of(doc: StoredApp) -> int:
    """The id of an app's service principal."""
    return int(doc["id"][:8], 16)


def _identity(doc: StoredApp) -> Json:
    client_id = client_id_of(doc)
    return {
        "oauth2_app_client_id": doc["id"],
        "service_principal_client_id": client_id,
        "service_principal_id": principal_id_of(doc),
        "service_principal_name": client_id,
    }


def url(port: int) -> str:
    """The URL of an app whose gateway is on `port`."""
    return f"http://{HOST}:{port}"


def _status(doc: StoredApp, process: AppProcess | None) -> Json:
    if doc["compute"] != "ACTIVE":
        return {"state": "UNAVAILABLE", "message": _UNAVAILABLE}
    if doc["problem"]:
        return {"state": "CRASHED", "message": doc["problem"]}
    if process:
        return {"state": process.state, "message": process.message}
    return {"state": "UNAVAILABLE", "message": _UNAVAILABLE}
