"""Jobs and their runs."""

from fastapi import APIRouter

from local_workspace.pages.jobs import actions, job, listing, outputs, run

router = APIRouter(include_in_schema=False)
for _part in (listing, job, actions, run, outputs):  # the list of runs, before a job whose id it would be
    router.include_router(_part.router)
