"""Pipelines and their updates."""

from fastapi import APIRouter

from local_workspace.pages.pipelines import actions, listing, pipeline

router = APIRouter(include_in_schema=False)
for _part in (listing, actions, pipeline):
    router.include_router(_part.router)
