"""The sections that clients put on the home page; Databricks has no such routes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, Field

from local_workspace.engines.guide import GuideEngine, GuideItem, GuideSection
from local_workspace.http.bodies import Name, PathText, StrictBody, Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.http.sites import local_path


def _of_workspace(path: str) -> str:
    if path and local_path(path) != path:
        raise ValueError("should be the path of a page of the workspace, such as /jobs")
    return path


class Item(StrictBody):
    """A line of a section."""

    text: Name
    detail: Annotated[Text, Field(max_length=1000)] = ""
    path: Annotated[PathText, AfterValidator(_of_workspace)] = ""


class Section(StrictBody):
    """A section without its key, which is in the path."""

    title: Name
    position: Annotated[int, Field(ge=0, le=1000)] = 0
    items: Annotated[list[Item], Field(max_length=500)] = []


def _engine(request: Request) -> GuideEngine:
    engine: GuideEngine = request.app.state.engines.guide
    return engine


Guide = Annotated[GuideEngine, Depends(_engine)]
router = APIRouter(prefix="/api/local/home", dependencies=[REFUSE_UNKNOWN])


@router.get("")
def list_sections(guide: Guide) -> dict[str, list[GuideSection]]:
    """The sections in the order in which the home page shows them."""
    return {"sections": guide.list()}


@router.put("/{key}")
def put_section(guide: Guide, key: Name, section: Section) -> GuideSection:
    """Write a section; one of that key is replaced."""
    items = [GuideItem(text=item.text, detail=item.detail, path=item.path) for item in section.items]
    return guide.put({"key": key, "title": section.title, "position": section.position, "items": items})


@router.delete("/{key}")
def delete_section(guide: Guide, key: Name) -> dict[str, None]:
    """Remove a section."""
    guide.delete(key)
    return {}
