"""The caller's identity, the sign-in of service principals, and the host's metadata."""

import secrets
from typing import Any, TypedDict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from local_workspace.http.server import basic_credentials
from local_workspace.runtime import principals

router = APIRouter()


class OAuthError(TypedDict):
    """An error as OAuth writes it."""

    error: str
    error_description: str


@router.get("/.well-known/databricks-config")
def host_config(request: Request) -> dict[str, str]:
    """The host's metadata, which the SDK asks for first: where service principals sign in."""
    return {"oidc_endpoint": f"{request.base_url}oidc"}


@router.get("/oidc/.well-known/oauth-authorization-server")
def authorization_server(request: Request) -> dict[str, str]:
    """The URLs that issue tokens. Users don't sign in here: they have the workspace's token."""
    return {
        "authorization_endpoint": f"{request.base_url}oidc/v1/authorize",
        "token_endpoint": f"{request.base_url}oidc/v1/token",
    }


@router.post("/oidc/v1/token", responses={401: {"model": OAuthError, "description": "The secret is wrong."}})
def token(request: Request) -> JSONResponse:
    """An access token for a service principal with its secret: OAuth's client credentials; 401 if it is wrong."""
    name, secret = basic_credentials(request.headers.get("authorization", ""))
    ours = request.app.state.token
    if not secrets.compare_digest(secret.encode(), principals.secret(ours, name).encode()):
        message = f"The secret of the service principal {name!r} is wrong."
        return JSONResponse(OAuthError(error="invalid_client", error_description=message), 401)
    return JSONResponse(
        {
            "access_token": principals.access_token(ours, name),
            "token_type": "Bearer",
            "expires_in": principals.TOKEN_LIFE,
        }
    )


@router.get("/api/2.0/preview/scim/v2/Me")
def me(request: Request) -> dict[str, Any]:
    """The one user of this workspace, or the calling service principal."""
    user = request.state.principal or request.app.state.engines.user
    return {
        "id": "1",
        "userName": user,
        "displayName": user,
        "active": True,
        "emails": [{"value": user, "primary": True, "type": "work"}],
    }
