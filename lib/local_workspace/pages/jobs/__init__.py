"""Jobs and their runs, for those who have permission on the jobs."""

from fastapi import APIRouter, Depends

from local_workspace.pages.jobs import actions, job, listing, outputs, run
from local_workspace.routes.object_access import JOBS, Needs

router = APIRouter(include_in_schema=False)
router.include_router(listing.router)  # the list of runs, before a job whose id it would be
for _part, _level in ((job, "CAN_VIEW"), (actions, "CAN_MANAGE_RUN"), (run, "CAN_VIEW"), (outputs, "CAN_VIEW")):
    router.include_router(_part.router, dependencies=[Depends(Needs(JOBS, "job_id", _level))])
