"""One-time codes with which a browser signs in; Databricks has no such route."""

from typing import TypedDict

from fastapi import APIRouter, Request

from local_workspace.engines.identity import IdentityEngine
from local_workspace.http.access import require_admin
from local_workspace.http.bodies import Name, StrictBody
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.http.sessions import CODE_SECONDS, Sessions

router = APIRouter(prefix="/api/local", dependencies=[REFUSE_UNKNOWN])


class SignIn(StrictBody):
    """Whose browser is to sign in: a user of the workspace, by default the one who asks."""

    user_name: Name | None = None


class SignInCode(TypedDict):
    """A code that `/login?code=` takes once, within `expires_in` seconds."""

    code: str
    expires_in: int


@router.post("/sign-in-codes")
def create_code(request: Request, body: SignIn | None = None) -> SignInCode:
    """A code with which a user's browser signs in. Raises ApiError 403 unless an administrator asks, 404, 400."""
    require_admin(request)
    sessions: Sessions = request.app.state.sessions
    holder = request.state.holder
    if body and body.user_name:
        identity: IdentityEngine = request.app.state.engines.identity
        holder = identity.holder_of(body.user_name)
    return {"code": sessions.new_code(holder=holder), "expires_in": CODE_SECONDS}
