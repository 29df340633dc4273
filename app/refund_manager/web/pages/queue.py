"""Pages for the queue and the overview."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from refund_manager.domain.models import Arrival, Text
from refund_manager.web import drawing
from refund_manager.web.dependencies import ListPage, refunds_of
from refund_manager.web.rendering import render

PAGE_SIZE = 50
router = APIRouter(include_in_schema=False)


@router.get("/")
def show_queue(request: Request, query: ListPage) -> Response:
    """The list of recommendations."""
    refunds = refunds_of(request)
    # Read before the page, so that rows that arrive in between are announced.
    arrived, choices = refunds.last_arrival(), refunds.choices()
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
        arrived=arrived,
        choices=choices,
        newest=refunds.newest_order(),
    )


@router.get("/new")
def new_rows(request: Request, query: ListPage, since: Arrival) -> dict[str, int]:
    """The number of rows that the list has received after arrival number `since`."""
    return {"new": refunds_of(request).new_since(query, since)}


@router.get("/overview")
def show_overview(
    request: Request, days: Annotated[int, Query(ge=7, le=90)] = 30, city: Text | None = None, brand: Text | None = None
) -> Response:
    """Figures of suggestions and decisions, in total or of one city or brand."""
    dimension, value = ("city", city) if city else ("brand", brand) if brand else ("all", None)
    shown = refunds_of(request).overview(dimension, value, days)
    return render(
        request,
        "overview.html",
        bars=drawing.bars(shown.by_day),
        groups=shown.groups,
        figures=shown.figures,
        days=days,
        chosen=value,
        summary=refunds_of(request).summary(),
        newest=refunds_of(request).newest_order(),
    )
