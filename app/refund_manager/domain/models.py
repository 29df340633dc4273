"""Requests and responses of the app. Money is Decimal, and a string in JSON."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

UNDO_MINUTES = 10
"""How long people can undo their own decisions."""
RefundClass = Literal["all", "refund", "full", "partial", "none"]
"""A filter of the suggested class. `refund` means any but `none`: a suggestion that can't be read is among them."""
Status = Literal["open", "decided", "all"]
Sort = Literal["newest", "oldest", "amount", "minutes"]
OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]


def _without_nul(text: str) -> str:
    if "\0" in text:  # Postgres text can't contain it
        raise ValueError("must not contain a NUL character")
    return text


Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(_without_nul)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_without_nul)
]
Arrival = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A row's arrival number: rows of the queue are numbered as they arrive."""
Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
RequestKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


T = TypeVar("T")
Maybe = Annotated[T | None, BeforeValidator(_blank_is_none)]
"""An optional query parameter; an empty value means None, because forms send empty fields."""


class Filters(BaseModel):
    """Which recommendations a list contains. None means no restriction."""

    status: Status = "all"
    refund_class: Maybe[RefundClass] = None
    city: Maybe[Text] = None
    brand: Maybe[Text] = None
    min_usd: Maybe[Money] = None
    max_usd: Maybe[Money] = None
    source: Maybe[Literal["agent", "fallback"]] = None
    text: Maybe[Text] = Field(None, description="an order ID, or words of the reason")


class Decision(BaseModel):
    """A person's decision about an order; `amount` in dollars is what the customer gets."""

    order_id: str
    decision: Literal["approved", "changed", "denied"]
    amount: Decimal
    reason: str
    decided_by: str
    decided_at: datetime
    request_key: str | None = Field(None, exclude=True)


class Change(BaseModel):
    """An audit record: a decision made (`after`; with a whole list if `bulk`), or undone (`before`)."""

    order_id: str
    changed_by: str
    changed_at: datetime
    bulk: bool
    before: Decision | None
    after: Decision | None


class Recommendation(BaseModel):
    """The agent's suggestion for an order, its decision if there is one, and the order's facts once they are known.

    An answer that can't be read has no class and no amount. `p75_minutes` and `p99_minutes` are those of the city.
    """

    order_id: str
    ts: datetime
    order_ts: datetime
    source: str
    model: str | None
    suggested_class: str | None
    suggested_usd: Decimal | None
    suggested_reason: str
    decision: Decision | None
    city: str | None
    brands: list[str] | None
    items: int | None
    total_usd: Decimal | None
    minutes: float | None
    kitchen_minutes: float | None
    waiting_minutes: float | None
    road_minutes: float | None
    p75_minutes: float | None
    p99_minutes: float | None


class Page(BaseModel):
    """One page of a sorted list; `next_cursor` gets the next page, None on the last one."""

    recommendations: list[Recommendation]
    next_cursor: str | None


class ClassSummary(BaseModel):
    """One suggested class: its orders, how many of them are open, and the sums in dollars."""

    suggested_class: str | None
    orders: int
    open: int
    suggested_usd: Decimal
    granted_usd: Decimal


class Summary(BaseModel):
    """Totals over all recommendations, in orders and dollars."""

    orders: int
    open: int
    decided: int
    suggested_usd: Decimal
    granted_usd: Decimal
    by_class: list[ClassSummary]

    @classmethod
    def of(cls, rows: list[ClassSummary]) -> Self:
        """The totals of all classes."""
        orders, waiting = sum(row.orders for row in rows), sum(row.open for row in rows)
        return cls(
            orders=orders,
            open=waiting,
            decided=orders - waiting,
            by_class=rows,
            suggested_usd=sum((row.suggested_usd for row in rows), Decimal(0)),
            granted_usd=sum((row.granted_usd for row in rows), Decimal(0)),
        )

    @property
    def to_decide(self) -> int:
        """The open orders whose suggestion is a refund, or can't be read."""
        return sum(row.open for row in self.by_class if row.suggested_class != "none")


class BulkResult(BaseModel):
    """How many orders a bulk approval covers, and their sum in dollars."""

    orders: int
    amount: Decimal


class SyncState(BaseModel):
    """State of the synced table, and the seconds from the last commit in the lakehouse until Postgres had it."""

    state: str
    lag_seconds: float | None
    synced_at: datetime | None


class Health(BaseModel):
    """Health of the app. `sync` is None if it is unknown; `refreshed_at` is when the queue was last refreshed."""

    status: Literal["ok"] = "ok"
    database: Literal["reached"] = "reached"
    sync: SyncState | None
    refreshed_at: datetime


class RefundRequest(BaseModel):
    """A decision to save: approve the suggestion, change its amount, or deny it with a reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"order_id": "K7Q2ZD", "decision": "change", "amount": "4.50", "reason": "one dish was cold"}]
        },
    )

    order_id: OrderId
    decision: Literal["approve", "change", "deny"]
    amount: Money | None = Field(None, validate_default=True)
    reason: Reason = Field("", validate_default=True)

    @field_validator("amount")
    @classmethod
    def _amount_fits(cls, amount: Decimal | None, info: ValidationInfo) -> Decimal | None:
        changes = info.data.get("decision") == "change"
        if changes and amount is None:
            raise ValueError("enter the amount to refund")
        if not changes and amount is not None and "decision" in info.data:
            raise ValueError("only a change takes an amount")
        return amount

    @field_validator("reason")
    @classmethod
    def _reason_fits(cls, reason: str, info: ValidationInfo) -> str:
        if info.data.get("decision") == "deny" and not reason:
            raise ValueError("enter a reason for denying the refund")
        return reason
