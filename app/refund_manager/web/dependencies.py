"""What routes take from a request: the services, the list that a page belongs to, and the fields of a form."""

from collections.abc import Mapping
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from refund_manager.domain.errors import NotFound
from refund_manager.domain.models import Filters, OrderId, RequestKey, Sort, Status
from refund_manager.services.complaints import Complaints
from refund_manager.services.refunds import Refunds
from refund_manager.web.rendering import with_query
from refund_manager.web.security import check_form


class ListQuery(Filters):
    """A list: its filters, its order, and where it goes on."""

    sort: Sort = "newest"
    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=500)] = 50


def refunds_of(request: Request) -> Refunds:
    """The service for refunds."""
    refunds: Refunds = request.app.state.refunds
    return refunds


def complaints_or_none(request: Request) -> Complaints | None:
    """The service for complaints; None where their database does not exist."""
    complaints: Complaints | None = request.app.state.platform.complaints
    return complaints


def complaints_of(request: Request) -> Complaints:
    """The service for complaints. Raises NotFound where their database does not exist."""
    complaints = complaints_or_none(request)
    if complaints is None:
        raise NotFound("There are no complaints here: their database does not exist. Notebook 08 makes it.")
    return complaints


Model = TypeVar("Model", bound=BaseModel)


class PageQuery(ListQuery):
    """A list as the queue's page shows it; `done` is an order that was decided a moment ago."""

    status: Status = "open"
    done: OrderId | None = None

    def link(self) -> dict[str, str]:
        """What a link to the same list carries, without the place in it."""
        shown = {name: getattr(self, name) for name in Filters.model_fields}
        return {name: str(value) for name, value in {**shown, "sort": self.sort}.items() if value is not None}

    def here(self) -> dict[str, str]:
        """The same with the place in it."""
        return {**self.link(), **({"cursor": self.cursor} if self.cursor else {})}


class BadForm(Exception):
    """Fields of a form that can't be; `errors` are Pydantic's."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(str(error))
        self.errors = error.errors()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of one of our forms; empty ones are left out. Raises Refused for another's."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace")))
    check_form(request, form)
    return form


def parse_form(kind: type[Model], form: Mapping[str, str | None]) -> Model:
    """A form's fields as a model. Raises BadForm."""
    try:
        return kind.model_validate(form)
    except ValidationError as error:
        raise BadForm(error) from error


class KeyedForm(BaseModel):
    """A form that is saved once, however often it is sent."""

    key: RequestKey


def redirect(path: str, values: Mapping[str, str], **more: str | None) -> RedirectResponse:
    """Lead on after a form was saved, so that a reload sends nothing again."""
    return RedirectResponse(with_query(path, values, **more), 303)


Form = Annotated[dict[str, str], Depends(form_of)]
ListPage = Annotated[PageQuery, Query()]
