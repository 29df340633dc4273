"""Secret scopes and secrets."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.secrets import SecretsEngine
from local_workspace.http.bodies import Refused, StrictBody, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0/secrets", dependencies=[REFUSE_UNKNOWN])

Json = Mapping[str, object]


class NewScope(StrictBody):
    """A scope to create; `initial_manage_principal` has no effect, as there are no permissions on scopes here."""

    scope: Text
    initial_manage_principal: Text | None = None
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


def _engine(request: Request) -> SecretsEngine:
    engine: SecretsEngine = request.app.state.engines.secrets
    return engine


Secrets = Annotated[SecretsEngine, Depends(_engine)]


@router.post("/scopes/create")
def create_scope(secrets: Secrets, body: NewScope) -> Json:
    """Create a scope."""
    secrets.create_scope(body.scope)
    return {}


@router.get("/scopes/list")
def list_scopes(secrets: Secrets) -> Json:
    """All scopes."""
    return {"scopes": [{"name": scope, "backend_type": "DATABRICKS"} for scope in secrets.scopes()]}


@router.post("/scopes/delete")
def delete_scope(secrets: Secrets, body: Scope) -> Json:
    """Delete a scope with its secrets."""
    secrets.delete_scope(body.scope)
    return {}


@router.post("/put")
def put(secrets: Secrets, body: NewSecret) -> Json:
    """Write a secret."""
    secrets.put(body.scope, body.key, body.encoded())
    return {}


@router.get("/get")
def get(secrets: Secrets, scope: Text, key: Text) -> Json:
    """A secret's value, base64-encoded."""
    return {"key": key, "value": secrets.get(scope, key)}


@router.get("/list")
def list_all(secrets: Secrets, scope: Text) -> Json:
    """The keys of a scope."""
    found = secrets.keys(scope).items()
    return {"secrets": [{"key": key, "last_updated_timestamp": updated} for key, updated in found]}


@router.post("/delete")
def delete(secrets: Secrets, body: SecretKey) -> Json:
    """Delete a secret."""
    secrets.delete(body.scope, body.key)
    return {}
