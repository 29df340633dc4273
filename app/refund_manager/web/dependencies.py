"""What routes read from a request: the services, the list with its filters, and the fields of a form."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from refund_manager.domain.complaint_models import ComplaintFilters, ComplaintSort
from refund_manager.domain.errors import NotFound
from refund_manager.domain.models import Filters, Maybe, OrderId, RefundClass, RequestKey, Sort, Status
from refund_manager.services.complaints import Complaints
from refund_manager.services.refunds import Refunds
from refund_manager.web.rendering import with_query
from refund_manager.web.security import check_form


class ListQuery(Filters):
    """The query of a list: filters, sort, cursor, and page size."""

    sort: Sort = "newest"
    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=500)] = 50


def refunds_of(request: Request) -> Refunds:
    """The service for refunds."""
    refunds: Refunds = request.app.state.refunds
    return refunds


def complaints_or_none(request: Request) -> Complaints | None:
    """The service for complaints; None if their database does not exist."""
    complaints: Complaints | None = request.app.state.platform.complaints
    return complaints


def complaints_of(request: Request) -> Complaints:
    """The service for complaints. Raises NotFound if their database does not exist."""
    complaints = complaints_or_none(request)
    if complaints is None:
        raise NotFound("There are no complaints, because their database does not exist. Run notebook 08 to create it.")
    return complaints


Model = TypeVar("Model", bound=BaseModel)


class PageQuery(ListQuery):
    """The query of the queue's page; `done` is the order that was just decided or reopened."""

    status: Status = "open"
    refund_class: Maybe[RefundClass] = "refund"
    done: OrderId | None = None

    def link(self) -> dict[str, str]:
        """The query parameters of a link to this list, from its first page."""
        return {**_parameters(self, [*Filters.model_fields, "sort"]), "refund_class": self.refund_class or "all"}

    def here(self) -> dict[str, str]:
        """The query parameters of a link to this page of the list."""
        return {**self.link(), **({"cursor": self.cursor} if self.cursor else {})}


class ComplaintQuery(ComplaintFilters):
    """The query of the complaints' pages: filters, sort, and cursor."""

    sort: ComplaintSort = "urgent"
    cursor: str | None = None

    def link(self) -> dict[str, str]:
        """The query parameters of a link to this list, from its first page."""
        return _parameters(self, [*ComplaintFilters.model_fields, "sort"])


def _parameters(query: BaseModel, names: Iterable[str]) -> dict[str, str]:
    """Those of these fields that are set, as query parameters."""
    shown = {name: getattr(query, name) for name in names}
    return {name: str(value) for name, value in shown.items() if value is not None}


class BadForm(Exception):
    """A form with invalid fields; `errors` are Pydantic's."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(str(error))
        self.errors = error.errors()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of this app, without the empty ones. Raises Refused for a form of another site."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace")))
    check_form(request, form)
    return form


def parse_form(kind: type[Model], form: Mapping[str, str | None]) -> Model:
    """Validate the fields of a form. Raises BadForm."""
    try:
        return kind.model_validate(form)
    except ValidationError as error:
        raise BadForm(error) from error


class KeyedForm(BaseModel):
    """A form with an idempotency key: it is saved once, however often it is sent."""

    key: RequestKey


def redirect(path: str, values: Mapping[str, str], **more: str | None) -> RedirectResponse:
    """Redirect after a form was saved (303), so that reloading the page does not send the form again."""
    return RedirectResponse(with_query(path, values, **more), 303)


Form = Annotated[dict[str, str], Depends(form_of)]
ListPage = Annotated[PageQuery, Query()]
ComplaintList = Annotated[ComplaintQuery, Query()]
