"""Jobs and their runs."""

from fastapi import APIRouter

from local_workspace.pages.jobs import listing

router = APIRouter(include_in_schema=False)
for _part in (listing,):
    router.include_router(_part.router)
