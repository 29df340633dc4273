"""OAuth secrets of service principals, as a workspace's clients reach them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from local_workspace.engines.identity import IdentityEngine, oauth_secrets
from local_workspace.http.access import require_admin
from local_workspace.http.bodies import Name, StrictBody, Text
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.runtime.errors import invalid

_API = "/api/2.0/accounts/servicePrincipals/{service_principal_id}/credentials/secrets"
router = APIRouter(prefix=_API, dependencies=[REFUSE_UNKNOWN, Depends(require_admin)])

Pages = Annotated[Page, Depends(by_page_size)]
Scope = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.:-]*$", max_length=100)]


class Secret(StrictBody):
    """How long a secret lives, such as `3600s`, and the scopes of the tokens that it gets; none are all."""

    lifetime: Text | None = None
    scopes: Annotated[list[Scope], Field(max_length=100)] = []

    def seconds(self) -> int:
        """The lifetime in seconds. Raises ApiError 400."""
        if self.lifetime is None:
            return oauth_secrets.LONGEST
        found = re.fullmatch(r"([0-9]{1,9})s?", self.lifetime)
        if not found or not 1 <= int(found[1]) <= oauth_secrets.LONGEST:
            raise invalid(f"lifetime must be 1s to {oauth_secrets.LONGEST}s, and is {self.lifetime[:80]!r}.")
        return int(found[1])


def _engine(request: Request) -> IdentityEngine:
    engine: IdentityEngine = request.app.state.engines.identity
    return engine


Engine = Annotated[IdentityEngine, Depends(_engine)]


@router.post("")
def create(engine: Engine, service_principal_id: Name, body: Secret | None = None) -> dict[str, Any]:
    """A new secret; this answer alone has the secret itself."""
    asked = body or Secret()
    made, value = engine.create_secret(service_principal_id, asked.seconds(), sorted(set(asked.scopes)))
    return {**oauth_secrets.shown(made), "secret": value}


@router.get("")
def list_all(engine: Engine, service_principal_id: Name, page: Pages) -> Mapping[str, object]:
    """The secrets of a service principal, without what is secret."""
    return page.of("secrets", [oauth_secrets.shown(each) for each in engine.secrets(service_principal_id)])


@router.delete("/{secret_id}")
def delete(engine: Engine, service_principal_id: Name, secret_id: Name) -> dict[str, Any]:
    """Remove a secret. Tokens that it got stay valid until they expire."""
    engine.delete_secret(service_principal_id, secret_id)
    return {}
