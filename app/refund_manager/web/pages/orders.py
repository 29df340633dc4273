"""The page of an order, and its forms."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from refund_manager.domain.complaint_models import Complaint
from refund_manager.domain.delays import delays
from refund_manager.domain.errors import BadField, Conflict, LakehouseUnavailable, NotFound, Unavailable
from refund_manager.domain.models import OrderId, RefundRequest
from refund_manager.domain.timeline import OrderEvents
from refund_manager.web.dependencies import (
    BadForm,
    Form,
    KeyedForm,
    ListPage,
    PageQuery,
    complaints_or_none,
    parse_form,
    redirect,
    refunds_of,
)
from refund_manager.web.drawing import route_map
from refund_manager.web.problems import form_errors
from refund_manager.web.rendering import render
from refund_manager.web.security import user_of

router = APIRouter(prefix="/orders/{order_id}", include_in_schema=False)


@router.get("")
def order(request: Request, order_id: OrderId, query: ListPage) -> Response:
    """An order: suggestion, decision with its forms, context, and timeline."""
    return _page(request, order_id, query)


@router.get("/timeline")
def timeline(request: Request, order_id: OrderId, query: ListPage) -> Response:
    """An order's timeline, which the order's page fetches separately because reading the lakehouse takes a second."""
    found, events_error = _timeline(request, order_id)
    return render(
        request,
        "timeline.html",
        order_id=order_id,
        link=query.link(),
        events_error=events_error,
        **_drawn(found),
        full_page=request.headers.get("sec-fetch-mode") == "navigate",
    )


@router.post("/decision")
def decide(request: Request, order_id: OrderId, query: ListPage, form: Form) -> Response:
    """Save a decision; redirects to the order, or back to the list if the form came from there."""
    key, back = form.pop("key", None), form.pop("back", None)
    try:
        wanted = parse_form(RefundRequest, {**form, "order_id": order_id})
        refunds_of(request).decide(wanted, user_of(request), parse_form(KeyedForm, {"key": key}).key)
    except BadForm as error:
        return _page(request, order_id, query, 422, errors=form_errors(error.errors), form=form)
    except BadField as error:
        found = [{"field": error.field, "message": error.message}]
        return _page(request, order_id, query, 422, errors=found, form=form)
    except Conflict as error:
        return _page(request, order_id, query, 409, notice=str(error))
    if back:
        return redirect("/", query.here(), done=order_id)
    return redirect(f"/orders/{order_id}", query.link())


@router.post("/undo")
def undo(request: Request, order_id: OrderId, query: ListPage, form: Form) -> Response:
    """Undo a decision; redirects to the order, or back to the list if the form came from there."""
    try:
        refunds_of(request).undo(order_id, user_of(request))
    except (Conflict, NotFound) as error:
        return _page(request, order_id, query, 409, notice=str(error))
    return redirect("/", query.here()) if form.get("back") else redirect(f"/orders/{order_id}", query.link())


def _page(request: Request, order_id: str, query: PageQuery, status: int = 200, **values: object) -> Response:
    refunds = refunds_of(request)
    found = refunds.details(order_id)
    return render(
        request,
        "order.html",
        status,
        found=found,
        link=query.link(),
        newest=refunds.newest_order(),
        delays=delays(found, refunds.usual_minutes(found.city)),
        **_drawn(refunds.cached_events(order_id)),
        next_id=refunds.next_order(found, query, query.sort),
        complaints=_complaints(request, order_id),
        **{"errors": [], "form": {}, "notice": None, **values},
    )


def _drawn(timeline: OrderEvents | None) -> dict[str, Any]:
    return {"timeline": timeline, "map": route_map(timeline.route) if timeline else None}


def _timeline(request: Request, order_id: str) -> tuple[OrderEvents | None, str | None]:
    try:
        return refunds_of(request).events(order_id), None
    except LakehouseUnavailable as error:
        return None, f"The timeline can't be loaded right now: {error}"
    except NotFound:
        return None, "Nothing has been recorded about this order yet."


def _complaints(request: Request, order_id: str) -> list[Complaint]:
    """The order's complaints; none if their database can't be reached, so that the order is still shown."""
    complaints = complaints_or_none(request)
    try:
        return complaints.of_order(order_id) if complaints else []
    except Unavailable:
        return []
