"""Apps: their states, deployments and logs; start, stop, deploy again."""

from fastapi import APIRouter

from local_workspace.pages.apps import app, listing

router = APIRouter(include_in_schema=False)
for _part in (listing, app):
    router.include_router(_part.router)
