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
from refund_manager.web.documented import problem_responses
from refund_manager.web.security import user_of

router = APIRouter()


@router.get("/healthz", responses=problem_responses(503))
def health(request: Request) -> Health:
    """Whether the database is reached and the queue is filled (503 if not), and the lag of the sync."""
    return refunds_of(request).health(request.app.state.platform.sync)


@router.get("/api/summary", responses=problem_responses(503))
def summary(request: Request) -> Summary:
    """Open and decided orders, sums suggested and granted, by suggested class."""
    return refunds_of(request).summary()


@router.get("/api/recommendations", responses=problem_responses(422, 503))
def recommendations(request: Request, query: Annotated[ListQuery, Query()]) -> Page:
    """Recommendations, newest order first or as `sort` says; follow `next_cursor` for more."""
    return refunds_of(request).page(query, query.sort, query.cursor, query.limit)


@router.get("/api/orders/{order_id}", responses=problem_responses(404, 503))
def order(request: Request, order_id: OrderId) -> OrderDetails:
    """One order's recommendation, facts and decision, with every change of it."""
    return refunds_of(request).details(order_id)


@router.get("/api/orders/{order_id}/events", responses=problem_responses(404, 503))
def order_events(request: Request, order_id: OrderId) -> OrderEvents:
    """Stages, items, route and minutes of one order; 404 if there is none."""
    return refunds_of(request).events(order_id)


@router.post("/api/refunds", status_code=201, responses=problem_responses(404, 409, 422, 429, 503))
def decide(
    request: Request, body: RefundRequest, idempotency_key: Annotated[RequestKey | None, Header()] = None
) -> Decision:
    """Save the one decision of an order; 409 with the earlier one if there is one.

    With an Idempotency-Key the same call can be sent again when its answer was lost: it is saved once.
    """
    return refunds_of(request).decide(body, user_of(request), idempotency_key)


@router.post("/api/refunds/{order_id}/undo", status_code=204, responses=problem_responses(404, 409, 429, 503))
def undo(request: Request, order_id: OrderId) -> None:
    """Take back your own decision while there is time; the order is open again."""
    refunds_of(request).undo(order_id, user_of(request))


@router.get("/api/export.csv", response_class=StreamingResponse, responses=problem_responses(422, 503))
def export(request: Request, query: Annotated[Filters, Query()], sort: Sort = "newest") -> StreamingResponse:
    """A whole filtered list as CSV, streamed; amounts as decimals, times in UTC."""
    lines = exporting.lines(refunds_of(request), query, sort)
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="refunds.csv"'},
    )
