"""Serving endpoints: what they serve, how they do, and a form that asks them, for those who may see them."""

from fastapi import APIRouter, Depends, Request

from local_workspace.http.bodies import Name
from local_workspace.pages.serving import asking, endpoint, listing
from local_workspace.routes.object_access import check_endpoint

router = APIRouter(include_in_schema=False)


def _check(request: Request, name: Name) -> None:
    """Raise ApiError 403 unless the caller may see the endpoint. Who asks it needs CAN_QUERY, as by the API."""
    check_endpoint(request, name, "CAN_VIEW")


router.include_router(listing.router)
for _part in (endpoint, asking):
    router.include_router(_part.router, dependencies=[Depends(_check)])
