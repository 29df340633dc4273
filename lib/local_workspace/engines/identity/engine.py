"""The users and service principals of a workspace, and who of them is an administrator.

Sources: https://docs.databricks.com/aws/en/admin/users-groups/scim/, the SDK's `UsersV2API`, `ServicePrincipalsV2API`,
`GroupsV2API` and `ServicePrincipalSecretsProxyAPI`, and the errors that
https://github.com/databricks/terraform-provider-databricks/issues/556 and its issue 1622 show.
"""

import hashlib
import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence

from local_workspace.engines.identity import oauth_secrets
from local_workspace.engines.identity.documents import NOTHING_SAID, Kind, OAuthSecret, Principal, Settings
from local_workspace.engines.identity.scim import NOUNS, ScimError
from local_workspace.engines.workspace.files import MAX_NAME
from local_workspace.runtime import principals
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.store import Store

OWNER_ID = "1"
"""The id of the workspace's own user."""
_FIRST, _LAST = 10**15, 10**16  # ids have sixteen digits, as on Databricks

type Clients = Callable[[], Mapping[str, str]]
"""Looks up the application ids of apps, each with the id of its service principal."""
type Revoke = Callable[[str], None]
"""Takes back all permissions of the user or service principal of that name."""


class IdentityEngine:
    """The principals of one workspace: its own user `owner`, those that were made, and those of apps (`clients`).

    The owner and the apps' can't be changed. It is a `Directory`: tokens and sessions of what is deleted or not active
    end with it, and `revoke` is called for it.
    """

    def __init__(self, store: Store, owner: str, clients: Clients, revoke: Revoke) -> None:
        self._principals, self._owner = Documents[Principal](store, "principal"), owner
        self._clients, self._revoke, self._lock = clients, revoke, threading.RLock()

    # the directory

    def name_of(self, holder: str) -> str | None:
        """The name of a token's holder; None if it is not there, or not active."""
        if principals.endpoint_of(holder):
            return holder
        user_id = principals.user_id_of(holder)
        if user_id:
            found = self._principals.get(user_id)
        else:
            found = next((each for each in self.all("ServicePrincipals") if each["name"] == holder), None)
        return found["name"] if found and found["active"] else None

    def holder_of(self, user_name: str) -> str | None:
        """How tokens and sessions name a user: None for the owner. Raises ApiError 404, or 400 if not active."""
        found = next((each for each in self.all("Users") if _same(each["name"], user_name)), None)
        if found is None:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"User with username {user_name} does not exist.")
        if not found["active"]:
            raise ApiError(400, "INVALID_STATE", f"User with username {user_name} is not active.")
        return None if found["id"] == OWNER_ID else principals.of_user(found["id"])

    def is_admin(self, name: str) -> bool:
        """Whether the user or service principal of that name is in the group `admins`."""
        return any(each["admin"] for each in self.everyone() if each["name"] == name)

    def is_known(self, name: str) -> bool:
        """Whether there is a user or service principal of that name; those of endpoints are not listed, and there."""
        return bool(principals.endpoint_of(name)) or any(each["name"] == name for each in self.everyone())

    def named(self, name: str) -> Principal:
        """The user or service principal of that name, which calls. That of an endpoint is in no list."""
        found = next((each for each in self.everyone() if each["name"] == name), None)
        return found or _managed(str(_FIRST + int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)), name)

    # SCIM

    def everyone(self) -> list[Principal]:
        """All users and service principals."""
        owner: Principal = {**_managed(OWNER_ID, self._owner), "kind": "Users", "admin": True}
        of_apps = [_managed(principal_id, name) for name, principal_id in self._clients().items()]
        return [owner, *of_apps, *self._principals.list()]

    def all(self, kind: Kind) -> list[Principal]:
        """All users, or all service principals."""
        return [each for each in self.everyone() if each["kind"] == kind]

    def get(self, kind: Kind, principal_id: str) -> Principal:
        """One of them. Raises ScimError 404."""
        found = next((each for each in self.all(kind) if each["id"] == principal_id), None)
        if found is None:
            raise ScimError(404, f"{NOUNS[kind]} with id {principal_id} not found.")
        return found

    def create(self, kind: Kind, name: str, settings: Settings) -> Principal:
        """A new user, or a new service principal, whose application id is made here. Raises ScimError 409, 400."""
        if kind == "Users" and not _is_address(name):
            raise ScimError(
                400,
                f"userName must be an e-mail address of at most {MAX_NAME} bytes without '/', and is {name[:80]!r}.",
                "invalidValue",
            )
        with self._lock:
            if kind == "Users" and any(_same(each["name"], name) for each in self.all(kind)):
                raise ScimError(409, f"User with username {name} already exists.", "uniqueness")
            made: Principal = {
                **settings,
                "id": str(_FIRST + uuid.uuid4().int % (_LAST - _FIRST)),
                "kind": kind,
                "name": name if kind == "Users" else str(uuid.uuid4()),
                "secrets": [],
            }
            self._principals.put(made["id"], made)
        return made

    def change(self, kind: Kind, principal_id: str, change: Callable[[Settings], Settings]) -> Principal:
        """What `change` makes of one's settings. Raises ScimError 404, 400."""
        with self._lock:
            found = self._own(kind, principal_id)
            changed: Principal = {**found, **change(found)}
            self._principals.put(principal_id, changed)
            return changed

    def delete(self, kind: Kind, principal_id: str) -> None:
        """Remove one with its permissions and secrets; its tokens and sessions end. Raises ScimError 404, 400."""
        with self._lock:
            found = self._own(kind, principal_id)
            self._revoke(found["name"])  # first, or another user of that name would have them after a kill
            self._principals.delete(principal_id)

    def set_admins(self, chosen: Sequence[str], admin: bool) -> None:
        """Put those with these ids into the group `admins`, or take them out. Raises ScimError 404, 400."""
        with self._lock:
            for each in [self._any_own(principal_id) for principal_id in chosen]:
                self._principals.put(each["id"], {**each, "admin": admin})

    # OAuth secrets

    def secrets(self, principal_id: str) -> list[OAuthSecret]:
        """The secrets of a service principal. Raises ApiError 404."""
        return self._with_secrets(principal_id)["secrets"]

    def create_secret(self, principal_id: str, lifetime: int, scopes: list[str]) -> tuple[OAuthSecret, str]:
        """A new secret, and the secret itself, which nobody sees again. Raises ApiError 404, 400."""
        with self._lock:
            found = self._with_secrets(principal_id)
            if len(found["secrets"]) >= oauth_secrets.MOST:
                raise oauth_secrets.too_many(found["name"])
            value = oauth_secrets.new_value()
            made = oauth_secrets.kept(value, lifetime, scopes)
            self._principals.put(principal_id, {**found, "secrets": [*found["secrets"], made]})
        return made, value

    def delete_secret(self, principal_id: str, secret_id: str) -> None:
        """Remove a secret: nobody signs in with it any more. Raises ApiError 404."""
        with self._lock:
            found = self._with_secrets(principal_id)
            left = [each for each in found["secrets"] if each["id"] != secret_id]
            if len(left) == len(found["secrets"]):
                raise oauth_secrets.missing(secret_id)
            self._principals.put(principal_id, {**found, "secrets": left})

    def scopes_of(self, client_id: str, client_secret: str) -> Collection[str] | None:
        """The scopes that the secret is bound to, empty if to none; None if it is wrong, has expired or nobody's."""
        held = [each["secrets"] for each in self.all("ServicePrincipals") if each["name"] == client_id]
        return oauth_secrets.scopes_of(held[0], client_secret) if held else None

    # what they share

    def _own(self, kind: Kind, principal_id: str) -> Principal:
        """One that was made with `create`. Raises ScimError 404, 400."""
        found = self.get(kind, principal_id)
        if self._principals.get(principal_id) is None:
            whose = "the workspace's own user" if principal_id == OWNER_ID else "the service principal of an app"
            raise ScimError(400, f"{found['name']} is {whose} and can't be changed.", "mutability")
        return found

    def _any_own(self, principal_id: str) -> Principal:
        kind: Kind = "Users" if any(each["id"] == principal_id for each in self.all("Users")) else "ServicePrincipals"
        return self._own(kind, principal_id)

    def _with_secrets(self, principal_id: str) -> Principal:
        """A service principal whose secrets are kept here. Raises ApiError 404, 403."""
        found = next((each for each in self.all("ServicePrincipals") if each["id"] == principal_id), None)
        if found is None:
            raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Service principal with id {principal_id} not found.")
        if found["name"] in self._clients():
            raise ApiError(403, "PERMISSION_DENIED", f"{found['name']} is an app's, whose secret is the app's own.")
        return found


def _managed(principal_id: str, name: str) -> Principal:
    """A service principal that the workspace has made itself."""
    return {
        **NOTHING_SAID,
        "id": principal_id,
        "kind": "ServicePrincipals",
        "name": name,
        "display_name": name,
        "secrets": [],
    }


def _is_address(name: str) -> bool:
    """Whether a user can have this name, which is that of a folder too."""
    local, _, domain = name.partition("@")
    is_plain = name.isprintable() and " " not in name and "/" not in name
    return bool(local and domain) and "@" not in domain and is_plain and len(name.encode()) <= MAX_NAME


def _same(name: str, other: str) -> bool:
    """Whether two user names are the same: upper and lower case are."""
    return name.casefold() == other.casefold()
