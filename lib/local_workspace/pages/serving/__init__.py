"""Serving endpoints: what they serve, how they do, and a form that asks them."""

from fastapi import APIRouter

from local_workspace.pages.serving import asking, endpoint, listing

router = APIRouter(include_in_schema=False)
for _part in (listing, endpoint, asking):
    router.include_router(_part.router)
