"""The JSON API."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from refund_manager.domain.models import (
    Decision,
    Filters,
    Health,
    OrderId,
    Page,
    RefundRequest,
    RequestKey,
    Sort,
    Summary,
)
from refund_manager.domain.order_models import OrderDetails
from refund_manager.domain.timeline import OrderEvents
from refund_manager.services import export as exporting
from refund_manager.web.dependencies import ListQuery, refunds_of
from refund_manager.web.openapi import problem_responses
from refund_manager.web.security import user_of

router = APIRouter(responses=problem_responses(400, 503))
_WRITES = (401, 403, 404, 409, 422, 429)


@router.get("/api/health")
def health(request: Request) -> Health:
    """The lag of the sync; 503 if the database can't be reached or the queue has not been filled yet."""
    return refunds_of(request).health(request.app.state.platform.sync)


@router.get("/api/summary")
def summary(request: Request) -> Summary:
    """Open and decided orders, and the dollars suggested and granted, in total and by suggested class."""
    return refunds_of(request).summary()


@router.get("/api/recommendations", responses=problem_responses(422))
def recommendations(request: Request, query: Annotated[ListQuery, Query()]) -> Page:
    """A page of recommendations, newest order first unless `sort` is given; `next_cursor` gets the next page."""
    return refunds_of(request).page(query, query.sort, query.cursor, query.limit)


@router.get("/api/orders/{order_id}", responses=problem_responses(404, 422))
def order(request: Request, order_id: OrderId) -> OrderDetails:
    """An order's recommendation, facts and context, and its decision with every change of it."""
    return refunds_of(request).details(order_id)


@router.get("/api/orders/{order_id}/events", responses=problem_responses(404, 422))
def order_events(request: Request, order_id: OrderId) -> OrderEvents:
    """Stages, items, route and minutes of an order; 404 if it has no events."""
    return refunds_of(request).events(order_id)


@router.post("/api/refunds", status_code=201, responses=problem_responses(*_WRITES))
def decide(
    request: Request, body: RefundRequest, idempotency_key: Annotated[RequestKey | None, Header()] = None
) -> Decision:
    """Save the decision about an order; 409 with the existing decision if there is one.

    With an Idempotency-Key a request whose response was lost can be repeated: it is saved once.
    """
    return refunds_of(request).decide(body, user_of(request), idempotency_key)


@router.post("/api/refunds/{order_id}/undo", status_code=204, responses=problem_responses(*_WRITES))
def undo(request: Request, order_id: OrderId) -> None:
    """Undo your own recent decision; the order is open again."""
    refunds_of(request).undo(order_id, user_of(request))


@router.get("/api/export.csv", response_class=StreamingResponse, responses=problem_responses(422))
def export(request: Request, query: Annotated[Filters, Query()], sort: Sort = "newest") -> StreamingResponse:
    """All rows of a filtered list as CSV; amounts as decimals, times in UTC."""
    lines = exporting.lines(refunds_of(request), query, sort)
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="refunds.csv"'},
    )
