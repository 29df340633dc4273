"""Who calls an app.

The rules are those of https://docs.databricks.com/aws/en/dev-tools/databricks-apps/connect-local: a program shows an
OAuth token and reaches only routes under /api/; a personal access token opens nothing. A person signs in with HTTP
Basic, as on the workspace's other pages; Databricks redirects to its sign-in page instead.
"""

import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from local_workspace.http.access import basic_credentials
from local_workspace.runtime import principals
from local_workspace.runtime.errors import ApiError


@dataclass(frozen=True)
class Caller:
    """Who calls: a name, which is that of the service principal if it is one."""

    name: str
    principal: str | None = None


@dataclass(frozen=True)
class SignIn:
    """What tells callers apart: the workspace's own token, its user, and the audience of the app's own tokens."""

    token: str
    user: str
    audience: str

    def caller(self, connection: HTTPConnection) -> Caller:
        """The caller. Raises ApiError 401."""
        header = connection.headers.get("authorization", "")
        scheme, _, presented = header.partition(" ")
        if scheme.lower() == "basic" and self._is_users(basic_credentials(header)[1]):
            return Caller(self.user)
        if scheme.lower() != "bearer":
            raise _unauthenticated("Sign in with any name, and with the workspace's token as the password.")
        if not connection.url.path.startswith("/api/"):
            raise _unauthenticated("With a token only an app's routes under /api/ can be called.")
        return self._holder(presented.strip())

    def _holder(self, presented: str) -> Caller:
        access = principals.access(self.token, presented)
        if access and access.audience in (None, self.audience):
            return Caller(access.holder or self.user, access.holder)
        if self._is_users(presented):
            raise _unauthenticated(
                "Apps accept OAuth tokens only, and this is a personal access token. Exchange it at /oidc/v1/token, "
                "with the app's oauth2_app_client_id as the audience."
            )
        raise _unauthenticated("This token is wrong, has expired, or is for another app.")

    def _is_users(self, presented: str) -> bool:
        return secrets.compare_digest(presented.encode(), self.token.encode())


def _unauthenticated(message: str) -> ApiError:
    return ApiError(401, "UNAUTHENTICATED", message)
