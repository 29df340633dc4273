"""Deployments: a document for each, and a copy of the code that was deployed."""

import shutil
from pathlib import Path
from typing import Any, cast

from local_workspace.engines.apps.documents import StoredDeployment
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso

_KIND = "app_deployment"
_MAX_FILE_BYTES = 10 * 1024**2
_INTERRUPTED = "The workspace ended during the deployment; deploy again."


class Deployments:
    """The deployments of all apps."""

    def __init__(self, home: Home, store: Store) -> None:
        self._root, self._store = home.root / "apps", store

    def fail_interrupted(self) -> None:
        """Mark as failed the deployments that a killed workspace left in progress."""
        for doc in self._all():
            if doc["status"]["state"] == "IN_PROGRESS":
                self.settle(doc, "FAILED", _INTERRUPTED)

    def new(self, app: str, path: str, creator: str, request: dict[str, Any]) -> StoredDeployment:
        """A new deployment of the workspace folder `path`, in progress."""
        deployment_id = str(self._store.next_id())
        doc: StoredDeployment = {
            "deployment_id": deployment_id,
            "app": app,
            "source_code_path": path,
            "creator": creator,
            "mode": request.get("mode") or "SNAPSHOT",
            "command": request.get("command"),
            "env_vars": request.get("env_vars") or [],
            "create_time": now_iso(),
            "update_time": now_iso(),
            "deployment_artifacts": {"source_code_path": str(self._root / app / deployment_id)},
            "status": {"state": "IN_PROGRESS", "message": "Copying the app's code"},
        }
        self._store.put(_KIND, f"{app}/{deployment_id}", {**doc})
        return doc

    def get(self, app: str, deployment_id: str) -> StoredDeployment:
        """A deployment. Raises 404."""
        doc = cast(StoredDeployment | None, self._store.get(_KIND, f"{app}/{deployment_id}"))
        if doc is None:
            raise not_found(f"The app '{app}' has no deployment '{deployment_id}'")
        return doc

    def of_app(self, app: str) -> list[StoredDeployment]:
        """An app's deployments, the newest first."""
        return [doc for doc in reversed(self._all()) if doc["app"] == app]

    def pending(self, app: str) -> StoredDeployment | None:
        """The deployment that is in progress, None if there is none."""
        return next((doc for doc in self.of_app(app) if doc["status"]["state"] == "IN_PROGRESS"), None)

    def settle(self, doc: StoredDeployment, state: str, message: str) -> None:
        """Record a deployment's state; nothing happens if it was deleted in the meantime."""
        key = f"{doc['app']}/{doc['deployment_id']}"
        if self._store.get(_KIND, key):
            self._store.update(_KIND, key, update_time=now_iso(), status={"state": state, "message": message})

    def folder(self, doc: StoredDeployment) -> Path:
        """The folder of its copy of the code."""
        return self._root / doc["app"] / doc["deployment_id"]

    def copy(self, source: Path, doc: StoredDeployment) -> None:
        """Copy the code, whole or not at all. Raises OSError, and 400 for a file that is too large."""
        _check_sizes(source)
        target = self.folder(doc)
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial)
        partial.replace(target)

    def keep_only(self, doc: StoredDeployment) -> None:
        """Remove the code of the app's other deployments; their documents stay."""
        for folder in self.folder(doc).parent.iterdir():
            if folder.name != doc["deployment_id"]:
                shutil.rmtree(folder)

    def delete(self, app: str) -> None:
        """Remove all deployments of an app."""
        for doc in self.of_app(app):
            self._store.delete(_KIND, f"{app}/{doc['deployment_id']}")
        shutil.rmtree(self._root / app, ignore_errors=True)

    def _all(self) -> list[StoredDeployment]:
        return cast(list[StoredDeployment], self._store.list(_KIND))


def _check_sizes(source: Path) -> None:
    """As https://docs.databricks.com/aws/en/dev-tools/databricks-apps/app-development: no file has more than 10 MB."""
    for file in source.rglob("*"):
        if file.is_file() and file.stat().st_size > _MAX_FILE_BYTES:
            raise invalid(f"{file.relative_to(source)} is larger than 10 MB, which a file of an app can't be.")


def read(doc: StoredDeployment) -> dict[str, Any]:
    """A deployment as a request for it shows it: without the values of its variables.

    So does the platform (the CLI's acceptance test bundle/resources/apps/inline_config).
    """
    shown = public(doc)
    return shown | {"env_vars": [{"name": entry["name"]} for entry in doc["env_vars"]]}


def public(doc: StoredDeployment) -> dict[str, Any]:
    """A deployment as the app that has it shows it."""
    return {key: value for key, value in doc.items() if key != "app" and value is not None}
