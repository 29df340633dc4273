"""The JSON API."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from models import Decision, OrderEvents, OrderId, Page, RefundClass, RefundRequest, Status, Summary
from security import user_of
from service import Refunds

router = APIRouter()


def refunds_of(request: Request) -> Refunds:
    """The app's refund desk."""
    return request.app.state.refunds


@router.get("/healthz")
def health(request: Request) -> dict[str, str]:
    """Whether the database is reached; 503 if not."""
    refunds_of(request).ping()
    return {"status": "ok", "database": "reached"}


@router.get("/api/summary")
def summary(request: Request) -> Summary:
    """Open and decided orders, sums suggested and granted, by suggested class."""
    return refunds_of(request).summary()


@router.get("/api/recommendations")
def recommendations(request: Request, status: Status = "all", refund_class: RefundClass | None = None,
                    cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Page:
    """Recommendations, newest order first; follow `next_cursor` for older ones."""
    return refunds_of(request).page(status, refund_class, cursor, limit)


@router.get("/api/orders/{order_id}/events")
def order_events(request: Request, order_id: OrderId) -> OrderEvents:
    """Stages, items and minutes of one order; 404 if there is none."""
    return refunds_of(request).events(order_id)


@router.post("/api/refunds", status_code=201)
def decide(request: Request, body: RefundRequest) -> Decision:
    """Save the one decision of an order; 409 with the earlier one if there is one."""
    return refunds_of(request).decide(body, user_of(request, request.app.state.settings))
