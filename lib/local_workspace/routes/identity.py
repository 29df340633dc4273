"""The sign-in of programs, and the host's metadata."""

import secrets
from collections.abc import Collection
from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from local_workspace.http.access import basic_credentials
from local_workspace.runtime import principals, signatures
from local_workspace.runtime.principals import TOKEN_LIFE, Directory

router = APIRouter()


# Grant type and token type of RFC 8693, and Databricks' name for personal access tokens (the SDK's `oauth.py`).
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS = "urn:ietf:params:oauth:token-type:access_token"
_PERSONAL = "urn:databricks:params:oauth:token-type:personal-access-token"


class OAuthError(TypedDict):
    """An error as OAuth writes it."""

    error: str
    error_description: str


class AccessToken(TypedDict):
    """A token as OAuth hands it out; `expires_in` is in seconds."""

    access_token: str
    token_type: str
    scope: str
    expires_in: int


class TokenRequest(BaseModel):
    """The form of a request for a token; fields that a grant type does not need may be missing."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    subject_token: str = ""
    subject_token_type: str = ""
    requested_token_type: str = _ACCESS
    audience: str = ""


_ERROR: dict[str, Any] = {"model": OAuthError, "description": "OAuth's code for what is wrong, and a sentence."}


@router.get("/.well-known/databricks-config")
def host_config(request: Request) -> dict[str, str]:
    """The host's metadata, which the SDK asks for first: where service principals sign in."""
    return {"oidc_endpoint": f"{request.base_url}oidc"}


@router.get("/oidc/.well-known/oauth-authorization-server")
def authorization_server(request: Request) -> dict[str, str]:
    """The URLs that issue tokens. The user does not sign in here: their token is the workspace's."""
    return {
        "authorization_endpoint": f"{request.base_url}oidc/v1/authorize",
        "token_endpoint": f"{request.base_url}oidc/v1/token",
    }


@router.post("/oidc/v1/token", responses={400: _ERROR, 401: _ERROR}, response_model=None)
def token(request: Request, asked: Annotated[TokenRequest, Form()]) -> AccessToken | JSONResponse:
    """An access token: for a service principal's secret, or for the user's personal access token.

    The latter is how a notebook on Databricks gets a token that opens an app: `audience` is the app's
    `oauth2_app_client_id`, and the token is for that app alone.
    """
    if asked.grant_type == "client_credentials":
        return _of_service_principal(request, asked)
    if asked.grant_type == _EXCHANGE:
        return _of_user(request, asked)
    known = f"client_credentials and {_EXCHANGE}"
    return _refused(400, "unsupported_grant_type", f"The grant type is {asked.grant_type!r}; here it is {known}.")


def _of_service_principal(request: Request, asked: TokenRequest) -> AccessToken | JSONResponse:
    name, secret = basic_credentials(request.headers.get("authorization", ""))
    name, secret = name or asked.client_id, secret or asked.client_secret
    ours: str = request.app.state.token
    directory: Directory = request.app.state.directory
    is_of_app = signatures.same(secret, principals.secret(ours, name))
    scopes = () if is_of_app else directory.scopes_of(name, secret)
    if scopes is None or directory.name_of(name) is None:
        return _refused(401, "invalid_client", f"The secret of the service principal {name!r} is wrong.")
    return _issued(principals.access_token(ours, name, scopes=scopes), scopes)


def _of_user(request: Request, asked: TokenRequest) -> AccessToken | JSONResponse:
    ours: str = request.app.state.token
    if asked.subject_token_type != _PERSONAL or asked.requested_token_type != _ACCESS:
        return _refused(400, "invalid_request", f"Only {_PERSONAL} is exchanged here, and only for {_ACCESS}.")
    if not secrets.compare_digest(asked.subject_token.encode(), ours.encode()):
        return _refused(401, "invalid_grant", "The subject_token is not the token of this workspace.")
    if not asked.audience.replace("-", "").isalnum() and asked.audience:
        return _refused(400, "invalid_target", "The audience must be the oauth2_app_client_id of an app.")
    return _issued(principals.access_token(ours, None, asked.audience or None))


def _issued(access_token: str, scopes: Collection[str] = ()) -> AccessToken:
    scope = " ".join(scopes) or "all-apis"
    return AccessToken(access_token=access_token, token_type="Bearer", scope=scope, expires_in=TOKEN_LIFE)


def _refused(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse(OAuthError(error=error, error_description=description), status)
