"""Pages for complaints; 404 if the complaints' database does not exist."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from refund_manager.domain.complaint_models import Complaint, ComplaintId
from refund_manager.domain.errors import BadField, LakehouseUnavailable
from refund_manager.domain.models import Money
from refund_manager.services.complaints import ComplaintConflict, Complaints
from refund_manager.web.dependencies import (
    BadForm,
    ComplaintList,
    ComplaintQuery,
    Form,
    complaints_of,
    parse_form,
    redirect,
)
from refund_manager.web.problems import form_errors
from refund_manager.web.rendering import render
from refund_manager.web.security import user_of

PAGE_SIZE = 30
router = APIRouter(prefix="/complaints", include_in_schema=False)


class CreditForm(BaseModel):
    """The credit to grant; None accepts the suggested one."""

    credit: Money | None = None


Service = Annotated[Complaints, Depends(complaints_of)]


@router.get("")
def listing(request: Request, complaints: Service, query: ComplaintList) -> Response:
    """The list of complaints, the most urgent first unless sorted otherwise."""
    page = complaints.page(query, query.sort, query.cursor, PAGE_SIZE)
    return render(
        request,
        "complaints.html",
        page=page,
        query=query,
        link=query.link(),
        choices=complaints.choices(),
        default_link=ComplaintQuery().link(),
    )


@router.get("/{complaint_id}")
def show(request: Request, complaints: Service, complaint_id: ComplaintId, query: ComplaintList) -> Response:
    """A complaint: the customer's text, the suggestion, and the form for the decision."""
    return _page(request, complaints, complaint_id, query)


@router.post("/{complaint_id}/decision")
def decide(
    request: Request, complaints: Service, complaint_id: ComplaintId, query: ComplaintList, form: Form
) -> Response:
    """Accept the suggested credit, or grant another."""
    try:
        complaints.decide(complaint_id, parse_form(CreditForm, form).credit, user_of(request))
    except BadForm as error:
        return _page(request, complaints, complaint_id, query, 422, errors=form_errors(error.errors), form=form)
    except BadField as error:
        found = [{"field": error.field, "message": error.message}]
        return _page(request, complaints, complaint_id, query, 422, errors=found, form=form)
    except ComplaintConflict as error:
        return _page(request, complaints, complaint_id, query, 409, notice=str(error))
    return redirect(f"/complaints/{complaint_id}", query.link())


def _page(
    request: Request,
    complaints: Complaints,
    complaint_id: str,
    query: ComplaintQuery,
    status: int = 200,
    **values: object,
) -> Response:
    found = complaints.get(complaint_id)
    text, text_error = _text(complaints, found)
    return render(
        request,
        "complaint.html",
        status,
        found=found,
        text=text,
        text_error=text_error,
        link=query.link(),
        next_id=complaints.next_complaint(found, query, query.sort),
        **{"errors": [], "form": {}, "notice": None, **values},
    )


def _text(complaints: Complaints, found: Complaint) -> tuple[str | None, str | None]:
    """What the customer wrote, or why it can't be shown."""
    try:
        return complaints.text(found), None
    except LakehouseUnavailable as error:
        return None, f"The text can't be read right now: {error}"
