"""Unity Catalog: privileges."""

from fastapi import APIRouter, Request

from local_workspace.engines.catalog import GrantsEngine

router = APIRouter(prefix="/api/2.1/unity-catalog/permissions")


def _engine(request: Request) -> GrantsEngine:
    return request.app.state.engines.grants


@router.get("/{kind}/{full_name}")
def get(request: Request, kind: str, full_name: str) -> dict:
    """Who holds which privileges."""
    return {"privilege_assignments": _engine(request).get(kind, full_name)}


@router.patch("/{kind}/{full_name}")
def update(request: Request, kind: str, full_name: str, body: dict) -> dict:
    """Grant and revoke."""
    return {"privilege_assignments": _engine(request).update(kind, full_name, body.get("changes") or [])}
