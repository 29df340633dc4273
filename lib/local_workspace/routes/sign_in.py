"""One-time codes with which a browser signs in; Databricks has no such route."""

from typing import TypedDict

from fastapi import APIRouter, Request

from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.http.sessions import CODE_SECONDS, Sessions
from local_workspace.runtime.errors import ApiError

router = APIRouter(prefix="/api/local", dependencies=[REFUSE_UNKNOWN])


class SignInCode(TypedDict):
    """A code that `/login?code=` takes once, within `expires_in` seconds."""

    code: str
    expires_in: int


@router.post("/sign-in-codes")
def create_code(request: Request) -> SignInCode:
    """A code with which the user's browser signs in. Raises ApiError 403 for a service principal."""
    if request.state.principal:
        raise ApiError(403, "PERMISSION_DENIED", "Only the workspace's user can sign in to its pages.")
    sessions: Sessions = request.app.state.sessions
    return {"code": sessions.new_code(), "expires_in": CODE_SECONDS}
