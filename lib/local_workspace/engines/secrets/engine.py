"""Secret scopes, in one file that only its user can read."""

import base64
import json
import re
import threading
from typing import TypedDict

from local_workspace.engines.secrets.acls import READ, ScopeAcls
from local_workspace.runtime.errors import ApiError, invalid, not_found
from local_workspace.runtime.home import Home, read_json, write_atomically
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

# https://docs.databricks.com/aws/en/security/secrets/
_NAME = re.compile(r"[\w.@-]{1,128}")
_MAX_BYTES = 128 * 1024
_MAX_SECRETS, _MAX_SCOPES = 1000, 100
_REFERENCE = re.compile(r"\{\{secrets/([^/{}]+)/([^/{}]+)\}\}")


class Secret(TypedDict):
    """A value, base64-encoded, and when it was written (milliseconds since 1970)."""

    value: str
    updated: int


class SecretsEngine:
    """Creates, lists and removes scopes and secrets. Every change is written whole before it is answered.

    Who may do so is in `acls`.
    """

    def __init__(self, home: Home, store: Store) -> None:
        self.acls = ScopeAcls(store)
        self._file, self._lock = home.root / "secret_scopes.json", threading.Lock()
        self._scopes: dict[str, dict[str, Secret]] = read_json(self._file) or {}

    def create_scope(self, scope: str, manager: str) -> None:
        """Create an empty scope that `manager` manages.

        Raises ApiError 400 for a bad name, if it exists, or if there are too many.
        """
        _check_name("scope", scope)
        with self._lock:
            if scope in self._scopes:
                raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Scope {scope} already exists!")
            _check_limit("scopes", len(self._scopes), _MAX_SCOPES)
            self.acls.start(scope, manager)
            self._write(self._scopes | {scope: {}})

    def scopes(self) -> list[str]:
        """The names of all scopes."""
        return sorted(self._scopes)

    def delete_scope(self, scope: str) -> None:
        """Remove a scope with its secrets. Raises ApiError 404."""
        with self._lock:
            self._scope(scope)
            self._write({name: secrets for name, secrets in self._scopes.items() if name != scope})
            self.acls.forget(scope)

    def check(self, scope: str, principal: str | None, level: str) -> None:
        """Raise ApiError 404 if there is no such scope, 403 unless the caller has `level`; None is an administrator."""
        self._scope(scope)
        self.acls.check(scope, principal, level)

    def check_references(self, text: str, principal: str | None) -> None:
        """Raise ApiError 404 or 403 unless the caller may read each secret that `text` refers to."""
        for scope, _ in _REFERENCE.findall(text):
            self.check(scope, principal, READ)

    def put(self, scope: str, key: str, value: str) -> None:
        """Write a base64-encoded value. Raises ApiError 404 for the scope, 400 for a bad key or more than 128 KB."""
        _check_name("key", key)
        if len(base64.b64decode(value)) > _MAX_BYTES:
            raise invalid(f"The value of secret {key} is longer than {_MAX_BYTES // 1024} KB.")
        with self._lock:
            secrets = self._scope(scope)
            if key not in secrets:
                _check_limit(f"secrets in scope {scope}", len(secrets), _MAX_SECRETS)
            self._write(self._scopes | {scope: secrets | {key: {"value": value, "updated": now_ms()}}})

    def get(self, scope: str, key: str) -> str:
        """A value, base64-encoded. Raises ApiError 404."""
        secrets = self._scope(scope)
        if key not in secrets:
            raise not_found(f"Secret does not exist with scope: {scope} and key: {key[:128]}")
        return secrets[key]["value"]

    def keys(self, scope: str) -> dict[str, int]:
        """When each secret of a scope was written, by its key. Raises ApiError 404."""
        return {key: secret["updated"] for key, secret in sorted(self._scope(scope).items())}

    def delete(self, scope: str, key: str) -> None:
        """Remove a secret. Raises ApiError 404."""
        self.get(scope, key)
        with self._lock:
            left = {name: secret for name, secret in self._scope(scope).items() if name != key}
            self._write(self._scopes | {scope: left})

    def reveal(self, text: str) -> str:
        """The secret that `{{secrets/scope/key}}` refers to; any other text as it is. Raises ApiError 404, 400."""
        found = _REFERENCE.fullmatch(text.strip())
        if found is None:
            return text
        try:
            return base64.b64decode(self.get(found[1], found[2])).decode()
        except UnicodeDecodeError as error:
            raise invalid(f"Secret {found[1]}/{found[2]} is no text, so {text.strip()} can't stand for it.") from error

    def _scope(self, scope: str) -> dict[str, Secret]:
        if scope not in self._scopes:
            raise not_found(f"Scope {scope[:128]} does not exist!")
        return self._scopes[scope]

    def _write(self, scopes: dict[str, dict[str, Secret]]) -> None:
        write_atomically(self._file, json.dumps(scopes))
        self._scopes = scopes


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(f"{what} {name[:128]!r}: use 1 to 128 letters, digits, dashes, underscores, periods and @.")


def _check_limit(what: str, held: int, limit: int) -> None:
    if held >= limit:
        raise ApiError(400, "RESOURCE_LIMIT_EXCEEDED", f"There are {held} {what}: no more than {limit} are allowed.")
