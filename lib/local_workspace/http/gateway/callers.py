"""Who calls an app.

The rules are those of https://docs.databricks.com/aws/en/dev-tools/databricks-apps/connect-local: a program shows an
OAuth token and reaches only routes under /api/; a personal access token opens nothing. A browser that has not signed in
is redirected to the workspace, and comes back with a code. A program may show the user's token with HTTP Basic instead.
"""

import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from local_workspace.http import cookies
from local_workspace.http.access import basic_credentials
from local_workspace.http.server import workspace_id
from local_workspace.http.sessions import Sessions
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.principals import Directory


@dataclass(frozen=True)
class Caller:
    """Who calls: a name, how tokens name them, and the name to look for in permissions, None for an administrator."""

    name: str
    holder: str | None = None
    principal: str | None = None


@dataclass(frozen=True)
class Workspace:
    """The workspace that an app belongs to: its token, its own user, its port, who has signed in, and all people."""

    token: str
    user: str
    port: int
    sessions: Sessions
    directory: Directory


@dataclass(frozen=True)
class SignIn:
    """What tells the callers of the app `name` apart; `audience` is that of the app's own tokens."""

    workspace: Workspace
    name: str
    audience: str

    def caller(self, connection: HTTPConnection) -> Caller:
        """The caller. Raises ApiError 401."""
        header = connection.headers.get("authorization", "")
        scheme, _, presented = header.partition(" ")
        if scheme.lower() == "basic" and self._is_users(basic_credentials(header)[1]):
            return Caller(self.workspace.user)
        session = self.workspace.sessions.find(connection.cookies.get(self.cookie, ""), self.name)
        if scheme.lower() != "bearer" and session:
            return self._named(session.holder)
        if scheme.lower() != "bearer":
            raise _unauthenticated("Sign in with any name, and with the workspace's token as the password.")
        if not connection.url.path.startswith("/api/"):
            raise _unauthenticated("With a token only an app's routes under /api/ can be called.")
        return self._holder(presented.strip())

    @property
    def cookie(self) -> str:
        """The name of the cookie with a browser's session."""
        return cookies.of_app(workspace_id(self.workspace.token), self.name)

    def _holder(self, presented: str) -> Caller:
        access = principals.access(self.workspace.token, presented)
        if access and access.audience in (None, self.audience):
            return self._named(access.holder)
        if self._is_users(presented):
            raise _unauthenticated(
                "Apps accept OAuth tokens only, and this is a personal access token. Exchange it at /oidc/v1/token, "
                "with the app's oauth2_app_client_id as the audience."
            )
        raise _unauthenticated("This token is wrong, has expired, or is for another app.")

    def _named(self, holder: str | None) -> Caller:
        directory = self.workspace.directory
        name = directory.name_of(holder) if holder else self.workspace.user
        if name is None:
            raise _unauthenticated("Whoever signed in is no longer in the workspace, or not active.")
        return Caller(name, holder, None if holder is None or directory.is_admin(name) else name)

    def _is_users(self, presented: str) -> bool:
        return secrets.compare_digest(presented.encode(), self.workspace.token.encode())


def _unauthenticated(message: str) -> ApiError:
    return ApiError(401, "UNAUTHENTICATED", message)
