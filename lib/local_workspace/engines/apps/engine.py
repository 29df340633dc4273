"""Databricks Apps: web apps deployed from workspace folders, each a process of its own behind a gateway."""

import re
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from local_workspace.engines.apps import shapes
from local_workspace.engines.apps.deployments import Deployments, public, read
from local_workspace.engines.apps.documents import AppIdentity, AppSettings, Resource, StoredApp
from local_workspace.engines.apps.gateways import Gateways
from local_workspace.engines.apps.plans import Plans
from local_workspace.engines.apps.rollouts import Rollouts
from local_workspace.engines.apps.running import RunningApps
from local_workspace.engines.apps.served import ServedApp
from local_workspace.engines.apps.settings import masked, settings_of
from local_workspace.engines.apps.source import Reveal, read_source
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime import principals
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, already_exists, invalid, not_found
from local_workspace.runtime.gateway import Listen
from local_workspace.runtime.home import Home
from local_workspace.runtime.log_files import end_of
from local_workspace.runtime.permissions import APPS, CAN_MANAGE, CAN_USE, Permissions, of_principal
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_iso

_NAME = re.compile(r"[a-z][a-z0-9-]{1,29}")
_OLDER: Any = {"user_api_scopes": [], "kept": {}, "updater": ""}  # what apps of an older release lack
Json = dict[str, Any]


class AppsEngine:
    """The apps, their deployments, processes and gateways. `user` is who makes them unless another does.

    `app_env(app)` gives an app its identity and addresses, `reveal` finds secrets, `listen` starts a gateway.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        processes: Processes,
        files: WorkspaceFiles,
        app_env: Callable[[AppIdentity], dict[str, str]],
        reveal: Reveal,
        listen: Listen,
        user: str,
    ) -> None:
        self._apps, self._files, self._app_env = Documents[StoredApp](store, "app"), files, app_env
        self._gateways, self._user, self._logs = Gateways(listen), user, home.logs
        self.permissions = Permissions(store, APPS)
        self._deployments = Deployments(home, store)
        plans = Plans(home, self._deployments, self._app, app_env, reveal)
        self._running = RunningApps(processes, plans.launch)
        self._rollouts = Rollouts(self._deployments, self._running, plans.prepare, self._note)
        self._lock = threading.RLock()

    def start(self) -> None:
        """Start the apps that ran before; returns at once."""
        self._running.open()
        self._deployments.fail_interrupted()
        for app in self._apps.list():
            self._apps.put(app["name"], {**_OLDER, **app})
            self._open(app["name"], app["port"])
            self._launch_active(app["name"])

    def stop(self) -> None:
        """End all processes; the next `start` starts them again."""
        self._running.close()
        self._rollouts.join()
        self._gateways.close_all()

    def check(self, principal: str | None, name: str, level: str) -> None:
        """Raise 404 if there is no such app, 403 unless the caller has `level` on it; None is the user."""
        self._app(name)
        self.permissions.check(principal, name, level)

    # apps

    def create(self, settings: Json, compute: bool = True, by: str | None = None) -> Json:
        """A new app without code, which `by`, else the workspace's own user, manages.

        Raises 400 for a bad name, 404 for a missing resource, 409 if it exists.
        """
        name = settings.get("name") or ""
        if not _NAME.fullmatch(name):
            raise invalid(
                f"App name {name!r} must be 2 to 30 lower-case letters, digits and hyphens and start with a letter."
            )
        wanted = self._settings(name, settings, by)
        with self._lock:
            if self._apps.get(name):
                raise already_exists(f"An app with the same name already exists: {name}")
            doc: StoredApp = {
                "name": name,
                "id": str(uuid.uuid4()),
                "creator": by or self._user,
                "create_time": now_iso(),
                **wanted,
                "port": 0,
                "active": None,
                "compute": "ACTIVE" if compute else "STOPPED",
                "problem": None,
            }
            self._apps.put(name, doc)
            self.permissions.replace(name, [of_principal(by or self._user, CAN_MANAGE)])
            self._open(name)
        return self.get(name)

    def clients(self) -> Mapping[str, str]:
        """The application ids of the apps' service principals, each with the service principal's id."""
        return {shapes.client_id_of(app): str(shapes.principal_id_of(app)) for app in self._apps.list()}

    def get(self, name: str) -> Json:
        """An app as the API shows it. Raises 404."""
        return self._view(self._app(name))

    def list_apps(self, by: str | None = None) -> list[Json]:
        """All apps that `by` may use."""
        apps = self._apps.list()
        return [self._view(app) for app in apps if by is None or self.permissions.may(by, app["name"], CAN_USE)]

    def update(self, name: str, settings: Json, mask: str | None = None, by: str | None = None) -> Json:
        """Replace all settings, or those in `mask`; a running app sees them at its next start. Raises 404, 400."""
        current = self._app(name)
        wanted = masked(current, settings, mask) if mask is not None else settings
        self._apps.update(name, **self._settings(name, wanted, by))
        return self.get(name)

    def delete(self, name: str) -> Json:
        """End an app and remove it with its deployments. Raises 404."""
        view = self.get(name)
        self._apps.delete(name)
        self.permissions.forget(name)
        self._gateways.close(name)
        self._running.halt(name)
        self._deployments.delete(name)
        return view

    def start_app(self, name: str) -> Json:
        """Start an app's compute, and its active deployment. Raises 404."""
        self._app(name)
        self._apps.update(name, compute="ACTIVE")
        self._launch_active(name)
        return self.get(name)

    def stop_app(self, name: str) -> Json:
        """Stop an app's compute. Raises 404."""
        self._app(name)
        self._apps.update(name, compute="STOPPED")
        self._running.halt(name)
        return self.get(name)

    # deployments

    def deploy(self, name: str, request: Json, by: str | None = None) -> Json:
        """Start to deploy a workspace folder, by default the last one: a copy of it is run.

        Raises 404, 400, 409 if one is in progress.
        """
        path = request.get("source_code_path") or self.get(name).get("default_source_code_path") or ""
        source = self._files.resolve(path)
        if not source.is_dir():
            raise invalid(f"source_code_path {path!r} must be a folder.")
        read_source(source)
        with self._lock:
            if self._app(name)["compute"] != "ACTIVE":
                raise invalid(f"The app '{name}' is stopped; start it before deploying.")
            if self._deployments.pending(name):
                raise ApiError(
                    409, "RESOURCE_CONFLICT", f"A deployment of '{name}' is in progress; wait until it has ended."
                )
            doc = self._deployments.new(name, path, by or self._user, request)
            self._rollouts.begin(doc, source)
        return public(doc)

    def get_deployment(self, name: str, deployment_id: str) -> Json:
        """A deployment. Raises 404."""
        return read(self._deployments.get(self._app(name)["name"], deployment_id))

    def list_deployments(self, name: str) -> list[Json]:
        """An app's deployments, the newest first. Raises 404."""
        return [public(doc) for doc in self._deployments.of_app(self._app(name)["name"])]

    def deploy_again(self, name: str, by: str | None = None) -> Json:
        """Start to deploy what was deployed last, with its command and variables. Raises as `deploy` does."""
        last = next(iter(self._deployments.of_app(self._app(name)["name"])), None)
        if last is None:
            raise invalid(f"The app '{name}' has no deployment yet; deploy a folder with the CLI or the SDK first.")
        kept = ("source_code_path", "mode", "command", "env_vars")
        return self.deploy(name, {key: value for key, value in last.items() if key in kept}, by)

    def logs(self, name: str) -> str:
        """The end of an app's log. Raises 404."""
        return end_of(self._logs / f"app-{self._app(name)['name']}.log")

    def _note(self, name: str, **changes: object) -> None:
        with self._lock:
            if self._apps.get(name):
                self._apps.update(name, **changes)

    def _launch_active(self, name: str) -> None:
        with self._lock:
            app = self._app(name)
            if app["compute"] == "ACTIVE" and app["active"] and not self._running.get(name):
                self._note(name, problem=None)
                self._running.launch(self._deployments.get(name, app["active"]))

    def _open(self, name: str, port: int | None = None) -> None:
        """Start the app's gateway; it keeps its port if that is free, and with it the app's URL."""
        self._note(name, port=self._gateways.open(ServedApp(name, self._app, self._running, self.permissions), port))

    def _app(self, name: str) -> StoredApp:
        app = self._apps.get(name)
        if app is None:
            raise not_found(f"App with name {name} does not exist or is deleted.")
        return app

    def _settings(self, name: str, request: Json, by: str | None) -> AppSettings:
        wanted = settings_of(request, by or self._user)
        self._app_env({"name": name, "resources": wanted["resources"]})  # its role gets what they say, or this raises
        self._let_into_apps(name, wanted["resources"])
        return wanted

    def _let_into_apps(self, name: str, resources: list[Resource]) -> None:
        """Give an app the permission on other apps that its resources say. Raises 404."""
        me = principals.service_principal(name)
        for other in (resource["app"] for resource in resources if "app" in resource):
            self.permissions.add(self._app(other["name"])["name"], [of_principal(me, CAN_USE)])

    def _view(self, app: StoredApp) -> Json:
        name, active = app["name"], app["active"]
        running = self._deployments.get(name, active) if active else None
        return shapes.app(app, running, self._deployments.pending(name), self._running.get(name))
