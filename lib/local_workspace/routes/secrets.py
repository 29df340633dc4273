"""Secret scopes, secrets, and who may read, write and manage them."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.secrets.acls import GROUPS, MANAGE, READ, WRITE
from local_workspace.http.bodies import Refused, StrictBody, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0/secrets", dependencies=[REFUSE_UNKNOWN])

Json = Mapping[str, object]


class NewScope(StrictBody):
    """A scope to create, which its creator manages, or all users if they are its `initial_manage_principal`."""

    scope: Text
    initial_manage_principal: Literal["users"] | None = None
    scope_backend_type: Literal["DATABRICKS"] | None = None
    backend_azure_keyvault: Refused = None


class Scope(StrictBody):
    """A scope."""

    scope: Text


class SecretKey(Scope):
    """A secret."""

    key: Text


class NewSecret(SecretKey):
    """A secret to write: a text, or base64-encoded bytes."""

    string_value: Text | None = None
    bytes_value: Text | None = None

    def encoded(self) -> str:
        """The value, base64-encoded. Raises ApiError 400 unless there is exactly one."""
        if (self.string_value is None) == (self.bytes_value is None):
            raise invalid("A secret needs one of string_value and bytes_value.")
        if self.string_value is not None:
            return base64.b64encode(self.string_value.encode()).decode()
        try:
            return base64.b64encode(base64.b64decode(self.bytes_value or "", validate=True)).decode()
        except (binascii.Error, ValueError) as error:
            raise invalid(f"bytes_value is not base64: {error}.") from error


class Acl(Scope):
    """The permission of one user, group or service principal on a scope."""

    principal: Text


class NewAcl(Acl):
    """A permission to give."""

    permission: Literal["READ", "WRITE", "MANAGE"]


def _engine(request: Request) -> SecretsEngine:
    engine: SecretsEngine = request.app.state.engines.secrets
    return engine


Secrets = Annotated[SecretsEngine, Depends(_engine)]


@router.post("/scopes/create")
def create_scope(request: Request, secrets: Secrets, body: NewScope) -> Json:
    """Create a scope."""
    secrets.create_scope(body.scope, body.initial_manage_principal or request.state.caller)
    return {}


@router.get("/scopes/list")
def list_scopes(secrets: Secrets) -> Json:
    """All scopes, those as well whose secrets the caller may not read."""
    return {"scopes": [{"name": scope, "backend_type": "DATABRICKS"} for scope in secrets.scopes()]}


@router.post("/scopes/delete")
def delete_scope(request: Request, secrets: Secrets, body: Scope) -> Json:
    """Delete a scope with its secrets."""
    _may(request, secrets, body.scope, MANAGE)
    secrets.delete_scope(body.scope)
    return {}


@router.post("/put")
def put(request: Request, secrets: Secrets, body: NewSecret) -> Json:
    """Write a secret."""
    _may(request, secrets, body.scope, WRITE)
    secrets.put(body.scope, body.key, body.encoded())
    return {}


@router.get("/get")
def get(request: Request, secrets: Secrets, scope: Text, key: Text) -> Json:
    """A secret's value, base64-encoded."""
    _may(request, secrets, scope, READ)
    return {"key": key, "value": secrets.get(scope, key)}


@router.get("/list")
def list_all(request: Request, secrets: Secrets, scope: Text) -> Json:
    """The keys of a scope."""
    _may(request, secrets, scope, READ)
    found = secrets.keys(scope).items()
    return {"secrets": [{"key": key, "last_updated_timestamp": updated} for key, updated in found]}


@router.post("/delete")
def delete(request: Request, secrets: Secrets, body: SecretKey) -> Json:
    """Delete a secret."""
    _may(request, secrets, body.scope, WRITE)
    secrets.delete(body.scope, body.key)
    return {}


@router.post("/acls/put")
def put_acl(request: Request, secrets: Secrets, body: NewAcl) -> Json:
    """Give a user, group or service principal a permission, in place of what it had."""
    _may(request, secrets, body.scope, MANAGE)
    if body.principal not in GROUPS and not request.app.state.directory.is_known(body.principal):
        raise invalid(f"There is no user, group or service principal {body.principal[:128]}.")
    secrets.acls.put(body.scope, body.principal, body.permission)
    return {}


@router.get("/acls/get")
def get_acl(request: Request, secrets: Secrets, scope: Text, principal: Text) -> Json:
    """The permission of one user, group or service principal."""
    _may(request, secrets, scope, MANAGE)
    return {"principal": principal, "permission": secrets.acls.level(scope, principal)}


@router.get("/acls/list")
def list_acls(request: Request, secrets: Secrets, scope: Text) -> Json:
    """All permissions on a scope."""
    _may(request, secrets, scope, MANAGE)
    held = secrets.acls.of(scope).items()
    return {"items": [{"principal": principal, "permission": level} for principal, level in held]}


@router.post("/acls/delete")
def delete_acl(request: Request, secrets: Secrets, body: Acl) -> Json:
    """Take a permission back."""
    _may(request, secrets, body.scope, MANAGE)
    secrets.acls.delete(body.scope, body.principal)
    return {}


def _may(request: Request, secrets: SecretsEngine, scope: str, level: str) -> None:
    """Raise ApiError 404 if there is no such scope, 403 unless the caller has `level` on it."""
    secrets.check(scope, request.state.principal, level)
