"""Pages for complaints; 404 if the complaints' database does not exist."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from refund_manager.domain.complaint_models import ComplaintId, ComplaintStatus
from refund_manager.domain.cursor import pack, parse_time, unpack
from refund_manager.domain.errors import BadField, LakehouseUnavailable
from refund_manager.domain.models import Money
from refund_manager.services.complaints import ComplaintConflict, Complaints
from refund_manager.web.dependencies import BadForm, Form, complaints_of, parse_form, redirect
from refund_manager.web.problems import field_errors
from refund_manager.web.rendering import render
from refund_manager.web.security import user_of

PAGE_SIZE = 30
router = APIRouter(prefix="/complaints", include_in_schema=False)


class CreditForm(BaseModel):
    """The credit to grant; None accepts the suggested one."""

    credit: Money | None = None


Service = Annotated[Complaints, Depends(complaints_of)]


@router.get("")
def listing(
    request: Request, complaints: Service, status: ComplaintStatus = "open", cursor: str | None = None
) -> Response:
    """The list of complaints, escalations first."""
    found, more = complaints.page(status, unpack(cursor, _position) if cursor else None, PAGE_SIZE)
    last = found[-1] if found else None
    return render(
        request,
        "complaints.html",
        complaints=found,
        status=status,
        cursor=cursor,
        next_cursor=pack(last.rank, last.ts.isoformat(), last.complaint_id) if last and more else None,
    )


@router.get("/{complaint_id}")
def show(request: Request, complaints: Service, complaint_id: ComplaintId) -> Response:
    """A complaint: the customer's text, the suggestion, and the form for the decision."""
    return _page(request, complaints, complaint_id)


@router.post("/{complaint_id}/decision")
def decide(request: Request, complaints: Service, complaint_id: ComplaintId, form: Form) -> Response:
    """Accept the suggested credit, or grant another."""
    try:
        complaints.decide(complaint_id, parse_form(CreditForm, form).credit, user_of(request))
    except BadForm as error:
        return _page(request, complaints, complaint_id, 422, errors=field_errors(error.errors))
    except BadField as error:
        return _page(request, complaints, complaint_id, 422, errors=[{"field": error.field, "message": error.message}])
    except ComplaintConflict as error:
        return _page(request, complaints, complaint_id, 409, notice=str(error))
    return redirect(f"/complaints/{complaint_id}", {})


def _page(request: Request, complaints: Complaints, complaint_id: str, status: int = 200, **values: object) -> Response:
    found, text, text_error = complaints.get(complaint_id), None, None
    try:
        text = complaints.text(complaint_id)
    except LakehouseUnavailable as error:
        text_error = f"The text can't be read right now: {error}"
    return render(
        request,
        "complaint.html",
        status,
        found=found,
        text=text,
        text_error=text_error,
        **{"errors": [], "notice": None, **values},
    )


def _position(rank: str, ts: str, complaint_id: str) -> tuple[int, datetime, str]:
    if len(rank) > 2:
        raise ValueError(f"{rank} is not a rank")
    return int(rank), parse_time(ts), complaint_id
