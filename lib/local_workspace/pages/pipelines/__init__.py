"""Pipelines and their updates, for those who have permission on the pipelines."""

from fastapi import APIRouter, Depends

from local_workspace.pages.pipelines import actions, listing, pipeline
from local_workspace.routes.object_access import PIPELINES, Needs

router = APIRouter(include_in_schema=False)
router.include_router(listing.router)
for _part, _level in ((actions, "CAN_RUN"), (pipeline, "CAN_VIEW")):
    router.include_router(_part.router, dependencies=[Depends(Needs(PIPELINES, "pipeline_id", _level))])
