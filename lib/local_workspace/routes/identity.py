"""The sign-in of programs, and the host's metadata."""

import secrets
from collections.abc import Collection
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, StringConstraints

from local_workspace.http.access import basic_credentials
from local_workspace.http.authorizations import Authorization, Authorizations
from local_workspace.http.bodies import Name, Text
from local_workspace.http.scopes import ALL
from local_workspace.runtime import principals, signatures
from local_workspace.runtime.principals import TOKEN_LIFE, Directory

router = APIRouter()


# Grant type and token type of RFC 8693, and Databricks' name for personal access tokens (the SDK's `oauth.py`).
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS = "urn:ietf:params:oauth:token-type:access_token"
_OF_SIGN_IN = {"offline_access", "openid", "email", "profile"}  # scopes that open no route
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
    refresh_token: NotRequired[str]


class TokenRequest(BaseModel):
    """The form of a request for a token; fields that a grant type does not need may be missing."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    subject_token: str = ""
    subject_token_type: str = ""
    requested_token_type: str = _ACCESS
    audience: str = ""
    code: str = ""
    code_verifier: str = ""
    redirect_uri: str = ""
    refresh_token: str = ""


class AuthorizationRequest(BaseModel):
    """What a program asks of its user's browser."""

    response_type: Literal["code"]
    client_id: Name
    redirect_uri: Annotated[
        Text, StringConstraints(pattern=r"^http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?(/[^#]*)?$")
    ]
    code_challenge: Name
    code_challenge_method: Literal["S256"]
    scope: Annotated[Text, StringConstraints(pattern=r"^[a-z0-9_.: -]*$")] = ""
    state: Text = ""


_ERROR: dict[str, Any] = {"model": OAuthError, "description": "OAuth's code for what is wrong, and a sentence."}


@router.get("/.well-known/databricks-config")
def host_config(request: Request) -> dict[str, str]:
    """The host's metadata, which the SDK asks for first: where service principals sign in."""
    return {"oidc_endpoint": f"{request.base_url}oidc"}


@router.get("/oidc/.well-known/oauth-authorization-server")
def authorization_server(request: Request) -> dict[str, str]:
    """The URLs at which programs sign in, and users let programs act for them."""
    return {
        "authorization_endpoint": f"{request.base_url}oidc/v1/authorize",
        "token_endpoint": f"{request.base_url}oidc/v1/token",
    }


@router.get("/oidc/v1/authorize", status_code=302, response_class=RedirectResponse)
def authorize(request: Request, asked: Annotated[AuthorizationRequest, Query()]) -> RedirectResponse:
    """Send the browser of who has signed in back to the program that asked, with a code for a token."""
    wanted = set(asked.scope.split())
    authorizations: Authorizations = request.app.state.authorizations
    code = authorizations.new_code(
        Authorization(
            request.state.holder,
            asked.client_id,
            asked.redirect_uri,
            asked.code_challenge,
            () if ALL in wanted else tuple(sorted(wanted - _OF_SIGN_IN)),
            "offline_access" in wanted,
        )
    )
    joint = "&" if "?" in asked.redirect_uri else "?"
    return RedirectResponse(f"{asked.redirect_uri}{joint}{urlencode({'code': code, 'state': asked.state})}", 302)


@router.post("/oidc/v1/token", responses={400: _ERROR, 401: _ERROR}, response_model=None)
def token(request: Request, asked: Annotated[TokenRequest, Form()]) -> AccessToken | JSONResponse:
    """An access token: for a service principal's secret, a user's code, or the personal access token of the owner.

    The last is how a notebook on Databricks gets a token that opens an app: `audience` is the app's
    `oauth2_app_client_id`, and the token is for that app alone.
    """
    if asked.grant_type == "client_credentials":
        return _of_service_principal(request, asked)
    if asked.grant_type == _EXCHANGE:
        return _of_user(request, asked)
    if asked.grant_type == "authorization_code":
        return _of_code(request, asked)
    if asked.grant_type == "refresh_token":
        return _of_refresh_token(request, asked)
    known = f"client_credentials, authorization_code, refresh_token and {_EXCHANGE}"
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


def _of_code(request: Request, asked: TokenRequest) -> AccessToken | JSONResponse:
    authorizations: Authorizations = request.app.state.authorizations
    found = authorizations.redeem(asked.code, asked.client_id, asked.redirect_uri, asked.code_verifier)
    if found is None or not _is_there(request, found.holder):
        return _refused(400, "invalid_grant", "The code is wrong, was used or has expired, or its verifier is wrong.")
    ours: str = request.app.state.token
    issued = _issued(principals.access_token(ours, found.holder, scopes=found.scopes), found.scopes)
    if found.refreshes:
        issued["refresh_token"] = principals.refresh_token(ours, found.holder, found.scopes)
    return issued


def _of_refresh_token(request: Request, asked: TokenRequest) -> AccessToken | JSONResponse:
    ours: str = request.app.state.token
    found = principals.access(ours, asked.refresh_token)
    if found is None or found.audience != principals.REFRESH or not _is_there(request, found.holder):
        return _refused(400, "invalid_grant", "The refresh token is wrong or has expired.")
    scopes = found.scopes or ()
    issued = _issued(principals.access_token(ours, found.holder, scopes=scopes), scopes)
    issued["refresh_token"] = asked.refresh_token
    return issued


def _is_there(request: Request, holder: str | None) -> bool:
    directory: Directory = request.app.state.directory
    return holder is None or directory.name_of(holder) is not None


def _issued(access_token: str, scopes: Collection[str] = ()) -> AccessToken:
    scope = " ".join(sorted(scopes)) or ALL
    return AccessToken(access_token=access_token, token_type="Bearer", scope=scope, expires_in=TOKEN_LIFE)


def _refused(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse(OAuthError(error=error, error_description=description), status)
