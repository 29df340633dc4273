"""Pages for bulk approval: preview, approval, result, undo."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from refund_manager.domain.errors import PreviewOutdated
from refund_manager.domain.models import RequestKey
from refund_manager.services import bulk
from refund_manager.web.dependencies import Form, KeyedForm, ListPage, parse_form, redirect, refunds_of
from refund_manager.web.rendering import render
from refund_manager.web.security import user_of

router = APIRouter(prefix="/bulk", include_in_schema=False)


@router.get("")
def preview(request: Request, query: ListPage) -> Response:
    """Preview of approving all open orders of a list."""
    return render(
        request, "bulk.html", seen=bulk.preview(refunds_of(request), query), query=query, link=query.link(), notice=None
    )


@router.post("")
def approve(request: Request, query: ListPage, form: Form) -> Response:
    """Approve the orders of the preview; shows the new preview (409) if the list has changed."""
    refunds, key = refunds_of(request), parse_form(KeyedForm, form).key
    try:
        bulk.approve(refunds, query, parse_form(bulk.Preview, form), user_of(request), key)
    except PreviewOutdated as error:
        return render(
            request,
            "bulk.html",
            409,
            seen=bulk.preview(refunds, query),
            query=query,
            link=query.link(),
            notice=str(error),
        )
    return redirect("/bulk/done", query.link(), key=key)


@router.get("/done")
def done(request: Request, query: ListPage, key: RequestKey) -> Response:
    """The result of an approval, with a button to undo it."""
    return render(request, "bulk_done.html", done=bulk.done(refunds_of(request), key), key=key, link=query.link())


@router.post("/undo")
def undo(request: Request, query: ListPage, form: Form) -> Response:
    """Undo an approval."""
    bulk.undo(refunds_of(request), user_of(request), parse_form(KeyedForm, form).key)
    return redirect("/", query.link())
