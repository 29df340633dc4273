"""The queue and the overview."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from refund_manager.domain.models import Text
from refund_manager.postgres import overview, queue
from refund_manager.web import drawing
from refund_manager.web.api import refunds_of
from refund_manager.web.dependencies import Asked
from refund_manager.web.rendering import render

PAGE_SIZE = 50
router = APIRouter(include_in_schema=False)


@router.get("/")
def show_queue(request: Request, query: Asked) -> Response:
    """The list of recommendations."""
    refunds = refunds_of(request)
    with refunds.connection() as connection:  # before the page is read: what comes in between is new, not lost
        around = {"arrived": queue.last_arrival(connection), "choices": queue.choices(connection)}
    page = refunds.page(query, query.sort, query.cursor, PAGE_SIZE)
    return render(
        request,
        "queue.html",
        page=page,
        summary=refunds.summary(),
        query=query,
        link=query.link(),
        here=query.here(),
        done=refunds.recommendation(query.done) if query.done else None,
        **around,
    )


@router.get("/new")
def new_rows(request: Request, query: Asked, since: Annotated[int, Query(ge=0)]) -> dict[str, int]:
    """How many rows the list got since it was shown."""
    return {"new": refunds_of(request).new_since(query, since)}


@router.get("/overview")
def show_overview(
    request: Request, days: Annotated[int, Query(ge=7, le=90)] = 30, city: Text | None = None, brand: Text | None = None
) -> Response:
    """The figures of the desk."""
    dimension, value = ("city", city) if city else ("brand", brand) if brand else ("all", None)
    with refunds_of(request).connection() as connection:
        series = overview.by_day(connection, dimension, value, days)
        groups = {name: overview.by_group(connection, name, days) for name in ("city", "brand")}
        figures = overview.figures(connection)
    return render(
        request,
        "overview.html",
        bars=drawing.bars(series),
        groups=groups,
        figures=figures,
        days=days,
        chosen=value,
        summary=refunds_of(request).summary(),
    )
