"""Databricks Apps: web apps deployed from workspace folders, each a process of its own on a loopback port."""

import getpass
import logging
import os
import re
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from local_workspace.engines.apps.deployments import Deployments, public
from local_workspace.engines.apps.documents import (
    AppIdentity,
    AppSettings,
    StoredApp,
    StoredDeployment,
)
from local_workspace.engines.apps.process import AppProcess
from local_workspace.engines.apps.source import argv, read_source, variables
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime import ports, principals
from local_workspace.runtime.errors import ApiError, already_exists, invalid, not_found, unavailable
from local_workspace.runtime.home import Home
from local_workspace.runtime.process_unit import Launch
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso

_NAME = re.compile(r"[a-z][a-z0-9-]{1,29}")
Json = dict[str, Any]
_OWN_NOTES = ("port", "active", "compute", "problem")  # kept with an app, not shown as they are

log = logging.getLogger(__name__)


class AppsEngine:
    """The apps, their deployments and their processes. `app_env(app)` gives an app its identity and addresses."""

    def __init__(
        self,
        home: Home,
        store: Store,
        processes: Processes,
        files: WorkspaceFiles,
        app_env: Callable[[AppIdentity], dict[str, str]],
    ) -> None:
        self._store, self._processes, self._files, self._app_env = store, processes, files, app_env
        self._deployments = Deployments(home, store)
        self._running: dict[str, AppProcess] = {}
        self._rollouts: list[threading.Thread] = []
        self._lock = threading.RLock()
        self._closed = False

    def start(self) -> None:
        """Start again what ran before; returns at once."""
        self._closed = False
        self._deployments.fail_interrupted()
        for app in self._apps():
            self._launch_active(app["name"])

    def stop(self) -> None:
        """End all processes; the next `start` starts them again."""
        with self._lock:
            self._closed = True
        for name in list(self._running):
            self._halt(name)
        for thread in self._rollouts:
            thread.join()

    # apps

    def create(self, settings: Json, compute: bool = True) -> Json:
        """A new app without code. Raises 400 for a bad name, 404 for a missing resource, 409 if it exists."""
        name = settings.get("name") or ""
        if not _NAME.fullmatch(name):
            raise invalid(
                f"App name {name!r} must be 2 to 30 lower-case letters, digits and hyphens and start with a letter."
            )
        wanted = self._settings(name, settings)
        with self._lock:
            if self._store.get("app", name):
                raise already_exists(f"An app named '{name}' already exists")
            doc: StoredApp = {
                "name": name,
                "id": str(uuid.uuid4()),
                "creator": _user({}),
                "create_time": now_iso(),
                **wanted,
                "port": ports.free(),
                "active": None,
                "compute": "ACTIVE" if compute else "STOPPED",
                "problem": None,
            }
            self._store.put("app", name, {**doc})
        return self.get(name)

    def get(self, name: str) -> Json:
        """An app as the API shows it. Raises 404."""
        return self._view(self._app(name))

    def list_apps(self) -> list[Json]:
        """All apps."""
        return [self._view(app) for app in self._apps()]

    def update(self, name: str, settings: Json) -> Json:
        """Replace description and resources; a running app sees them at its next start. Raises 404, 400."""
        self._app(name)
        self._store.update("app", name, **self._settings(name, settings))
        return self.get(name)

    def delete(self, name: str) -> Json:
        """End an app and remove it with its deployments. Raises 404."""
        view = self.get(name)
        self._store.delete("app", name)
        self._halt(name)
        self._deployments.delete(name)
        return view

    def start_app(self, name: str) -> Json:
        """Start an app's compute, and its active deployment. Raises 404."""
        self._app(name)
        self._store.update("app", name, compute="ACTIVE")
        self._launch_active(name)
        return self.get(name)

    def stop_app(self, name: str) -> Json:
        """Stop an app's compute. Raises 404."""
        self._app(name)
        self._store.update("app", name, compute="STOPPED")
        self._halt(name)
        return self.get(name)

    # deployments

    def deploy(self, name: str, request: Json) -> Json:
        """Start to deploy a workspace folder: a copy of it is what runs. Raises 404, 400, 409 if one is under way."""
        path = request.get("source_code_path") or ""
        source = self._files.resolve(path)
        if not source.is_dir():
            raise invalid(f"source_code_path {path!r} must be a folder.")
        read_source(source)
        with self._lock:
            if self._app(name)["compute"] != "ACTIVE":
                raise invalid(f"The app '{name}' is stopped; start it before deploying.")
            if self._deployments.pending(name):
                raise ApiError(409, "RESOURCE_CONFLICT", f"A deployment of '{name}' is under way; wait for it.")
            doc = self._deployments.new(name, path, _user({}), request)
            thread = threading.Thread(target=self._roll_out, args=[doc, source], name=f"deploy-{name}", daemon=True)
            self._rollouts = [*(known for known in self._rollouts if known.is_alive()), thread]
            thread.start()
        return public(doc)

    def get_deployment(self, name: str, deployment_id: str) -> Json:
        """A deployment. Raises 404."""
        return public(self._deployments.get(self._app(name)["name"], deployment_id))

    def list_deployments(self, name: str) -> list[Json]:
        """An app's deployments, the newest first. Raises 404."""
        return [public(doc) for doc in self._deployments.of_app(self._app(name)["name"])]

    def _roll_out(self, doc: StoredDeployment, source: Path) -> None:
        """Put a deployment in the place of the one that runs."""
        try:
            self._deployments.copy(source, doc)
            self._halt(doc["app"])
            process = self._launch(doc)
            problem = process.first_outcome()
            if problem:
                process.stop()
                self._note(doc["app"], problem=problem)
            else:
                self._note(doc["app"], problem=None, active=doc["deployment_id"])
                self._deployments.keep_only(doc)
        except Exception as error:  # whatever it is, whoever waits for the deployment is told
            log.exception("deployment of %s", doc["app"])
            problem = str(error)
        self._deployments.settle(doc, "FAILED" if problem else "SUCCEEDED", problem or "App started successfully")

    def _note(self, name: str, **changes: object) -> None:
        with self._lock:
            if self._store.get("app", name):
                self._store.update("app", name, **changes)

    # processes

    def _launch_active(self, name: str) -> None:
        with self._lock:
            app = self._app(name)
            if app["compute"] == "ACTIVE" and app["active"] and name not in self._running:
                self._note(name, problem=None)
                self._launch(self._deployments.get(name, app["active"]))

    def _launch(self, doc: StoredDeployment) -> AppProcess:
        process = AppProcess(doc["app"], self._processes, lambda: self._plan(doc))
        with self._lock:
            if self._closed:
                raise unavailable("The workspace is stopping.")
            self._running[doc["app"]] = process
        process.start()
        return process

    def _halt(self, name: str) -> None:
        with self._lock:
            process = self._running.pop(name, None)
        if process:
            process.stop()

    def _plan(self, doc: StoredDeployment) -> Launch:
        """What to start: asked at each start, because a port or a resource's address may have changed."""
        app, folder = self._app(doc["app"]), self._deployments.folder(doc)
        port = ports.free(app["port"])
        self._note(app["name"], port=port)
        source = read_source(folder)
        env = self._environment(app, port) | variables([*source.env, *doc["env_vars"]], app["resources"])
        return Launch(argv(doc["command"] or source.command, env), lambda: ports.listens(port), env, folder)

    def _environment(self, app: StoredApp, port: int) -> dict[str, str]:
        """What the platform tells every app. A local app has no proxy that vouches for users: it is told its own."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        given = self._app_env(app)
        return {
            **given,
            "PATH": programs,
            "PYTHONUNBUFFERED": "1",
            "LOCAL_WORKSPACE_USER": _user(given),
            "DATABRICKS_APP_NAME": app["name"],
            "DATABRICKS_APP_URL": _url(port),
            "DATABRICKS_APP_PORT": str(port),
            "UVICORN_HOST": "127.0.0.1",
            "UVICORN_PORT": str(port),
        }

    # documents

    def _apps(self) -> list[StoredApp]:
        return cast(list[StoredApp], self._store.list("app"))

    def _app(self, name: str) -> StoredApp:
        app = cast(StoredApp | None, self._store.get("app", name))
        if app is None:
            raise not_found(f"App '{name}' does not exist")
        return app

    def _settings(self, name: str, settings: Json) -> AppSettings:
        resources = settings.get("resources") or []
        self._app_env({"name": name, "resources": resources})  # gives its role what the resources say, or raises
        return {"description": settings.get("description") or "", "resources": resources, "update_time": now_iso()}

    def _view(self, app: StoredApp) -> Json:
        shown = {key: value for key, value in app.items() if key not in _OWN_NOTES and value is not None}
        if app["active"]:
            active = self.get_deployment(app["name"], app["active"])
            shown |= {"active_deployment": active, "default_source_code_path": active["source_code_path"]}
        pending = self._deployments.pending(app["name"])
        if pending:
            shown["pending_deployment"] = public(pending)
        return shown | {
            "service_principal_client_id": principals.service_principal(app["name"]),
            "url": _url(app["port"]),
            "app_status": self._app_status(app),
            "compute_status": {"state": app["compute"], "message": f"App compute is {app['compute']}."},
        }

    def _app_status(self, app: StoredApp) -> Json:
        process = self._running.get(app["name"])
        if app["compute"] != "ACTIVE":
            return {"state": "UNAVAILABLE", "message": "App is stopped."}
        if app["problem"]:
            return {"state": "CRASHED", "message": app["problem"]}
        if process:
            return {"state": process.state, "message": process.message}
        return {"state": "UNAVAILABLE", "message": "App has not been deployed yet."}


def _user(given: dict[str, str]) -> str:
    return given.get("LOCAL_WORKSPACE_USER") or getpass.getuser()


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
