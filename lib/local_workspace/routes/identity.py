"""Who is asking, and what host this is."""

from fastapi import APIRouter, Request

router = APIRouter()


@router.get("/.well-known/databricks-config")
def host_config() -> dict:
    """The host's metadata, which the SDK asks for first: nothing special about a laptop."""
    return {}


@router.get("/api/2.0/preview/scim/v2/Me")
def me(request: Request) -> dict:
    """The one user of this workspace."""
    user = request.app.state.engines.user
    return {"id": "1", "userName": user, "displayName": user, "active": True,
            "emails": [{"value": user, "primary": True, "type": "work"}]}
