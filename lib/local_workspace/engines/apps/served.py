"""One app as its gateway sees it."""

from collections.abc import Callable

from local_workspace.engines.apps.documents import StoredApp
from local_workspace.engines.apps.running import RunningApps
from local_workspace.engines.apps.shapes import effective_scopes
from local_workspace.runtime.errors import unavailable
from local_workspace.runtime.gateway import Address
from local_workspace.runtime.permissions import CAN_USE, Permissions


class ServedApp:
    """The app `name`: `find` returns its document or raises 404."""

    def __init__(
        self, name: str, find: Callable[[str], StoredApp], running: RunningApps, permissions: Permissions
    ) -> None:
        self.name = name
        self._find, self._running, self._permissions = find, running, permissions

    def address(self) -> Address:
        """The socket or port of its process. Raises ApiError 404, or 503 if it does not run."""
        app, process = self._find(self.name), self._running.get(self.name)
        if process and process.address:
            return process.address
        if app["compute"] != "ACTIVE":
            raise unavailable(f"The app {self.name} is stopped; start it with `apps.start`.")
        raise unavailable(f"The app {self.name} does not run; `apps.get` says why.")

    def audience(self) -> str:
        """The audience of the tokens that are for this app alone: its `oauth2_app_client_id`."""
        return self._find(self.name)["id"]

    def may_use(self, principal: str) -> bool:
        """Whether a user or service principal may use it."""
        return self._permissions.may(principal, self.name, CAN_USE)

    def scopes(self) -> list[str]:
        """Within which scopes it may act as its callers; none if no scopes of users are set for it."""
        chosen = self._find(self.name)["user_api_scopes"]
        return effective_scopes(chosen) if chosen else []
