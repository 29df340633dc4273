"""The pages that people see."""

from typing import Annotated
from urllib.parse import parse_qsl

from api import refunds_of
from events import EventsUnavailable
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from models import OrderId, RefundClass, RefundRequest, Status
from problems import field_errors
from pydantic import ValidationError
from security import user_of
from service import BadField, Conflict, NotFound
from web import render

PAGE_SIZE = 50
router = APIRouter(include_in_schema=False)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a plain HTML form; empty ones are left out."""
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


@router.get("/")
def queue(request: Request, status: Status = "open", refund_class: Annotated[RefundClass | None, Query()] = None,
          cursor: str | None = None) -> Response:
    """The list of recommendations."""
    refunds = refunds_of(request)
    page = refunds.page(status, refund_class, cursor, PAGE_SIZE)
    return render(request, "queue.html", page=page, summary=refunds.summary(), status=status,
                  refund_class=refund_class, cursor=cursor)


@router.get("/orders/{order_id}")
def order(request: Request, order_id: OrderId) -> Response:
    """One order: suggestion, course, items, and the form for a decision."""
    return _order_page(request, order_id)


@router.post("/orders/{order_id}/decision")
def decide(request: Request, order_id: OrderId, form: Annotated[dict[str, str], Depends(_form)]) -> Response:
    """Save the form; after that the order's page shows the decision."""
    try:
        wanted = RefundRequest.model_validate({**form, "order_id": order_id})
        refunds_of(request).decide(wanted, user_of(request, request.app.state.settings))
    except ValidationError as error:
        return _order_page(request, order_id, 422, errors=field_errors(error.errors()), form=form)
    except BadField as error:
        found = [{"field": error.field, "message": error.message}]
        return _order_page(request, order_id, 422, errors=found, form=form)
    except Conflict as error:
        return _order_page(request, order_id, 409, notice=str(error))
    return RedirectResponse(f"/orders/{order_id}", 303)


def _order_page(request: Request, order_id: str, status: int = 200, **values: object) -> Response:
    refunds = refunds_of(request)
    found = refunds.recommendation(order_id)
    course, trouble = None, None
    try:
        course = refunds.events(order_id)
    except (EventsUnavailable, NotFound) as error:
        trouble = str(error)
    return render(request, "order.html", status, found=found, course=course, trouble=trouble,
                  **{"errors": [], "form": {}, "notice": None, **values})
