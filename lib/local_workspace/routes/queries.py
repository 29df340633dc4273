"""Saved queries: `w.queries`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from local_workspace.engines.sql import QueriesEngine
from local_workspace.http.bodies import Name, PathText, StrictBody, Text
from local_workspace.http.paging import Page, by_page_size
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.0/sql/queries", dependencies=[REFUSE_UNKNOWN])

Json = Mapping[str, object]


class TextValue(StrictBody):
    """The default of a text."""

    value: Text | None = None


class NumericValue(StrictBody):
    """The default of a number."""

    value: float | None = None


class Parameter(StrictBody):
    """A parameter of a query; the types that jobs don't run are kept as they came."""

    name: Name
    title: Text | None = None
    text_value: TextValue | None = None
    numeric_value: NumericValue | None = None
    date_value: dict[Text, Text] | None = None
    date_range_value: dict[Text, object] | None = None
    enum_value: dict[Text, object] | None = None
    query_backed_value: dict[Text, object] | None = None


class Fields(StrictBody):
    """What a client sets of a query."""

    display_name: Name | None = None
    query_text: Text | None = None
    warehouse_id: Text | None = None
    catalog: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    description: Text | None = None
    tags: list[Text] | None = None
    parameters: list[Parameter] | None = None
    apply_auto_limit: bool | None = None
    run_as_mode: Literal["OWNER", "VIEWER"] | None = None


class NewFields(Fields):
    """What a client sets of a new query."""

    parent_path: PathText | None = None


class NewQuery(StrictBody):
    """A query to create."""

    query: NewFields = NewFields()
    auto_resolve_display_name: bool | None = None


class Change(StrictBody):
    """Fields of a query to change, those that `update_mask` names."""

    update_mask: Text
    query: Fields = Fields()
    auto_resolve_display_name: bool | None = None


def _queries(request: Request) -> QueriesEngine:
    engine: QueriesEngine = request.app.state.engines.queries
    return engine


Queries = Annotated[QueriesEngine, Depends(_queries)]


@router.post("")
def create(queries: Queries, body: NewQuery) -> Json:
    """Create a query."""
    return queries.create(body.query.sent(), bool(body.auto_resolve_display_name))


@router.get("")
def list_queries(queries: Queries, page: Annotated[Page, Depends(by_page_size)]) -> Json:
    """List queries, the oldest first."""
    return page.of("results", queries.list())


@router.get("/{query_id}")
def get(queries: Queries, query_id: Text) -> Json:
    """Get a query."""
    return queries.get(query_id)


@router.patch("/{query_id}")
def update(queries: Queries, query_id: Text, body: Change) -> Json:
    """Change a query."""
    mask = _checked_mask(body.update_mask)
    return queries.update(query_id, body.query.sent(), mask, bool(body.auto_resolve_display_name))


@router.delete("/{query_id}")
def delete(queries: Queries, query_id: Text) -> Json:
    """Move a query to the trash."""
    queries.trash(query_id)
    return {}


def _checked_mask(mask: str) -> str:
    """`mask` if it names fields that can be changed, or is `*`. Raises ApiError 400."""
    known = {field.alias or name for name, field in Fields.model_fields.items()}
    if unknown := [name for name in mask.split(",") if name not in known and mask != "*"]:
        raise invalid(f"update_mask: {', '.join(unknown)} can't be changed; it takes {', '.join(sorted(known))}.")
    return mask
