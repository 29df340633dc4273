"""What goes in and out of the app, checked by Pydantic. Money is Decimal, and a string in JSON."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

RefundClass = Literal["none", "partial", "full"]
Status = Literal["open", "decided", "all"]
OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class Decision(BaseModel):
    """What a person decided about an order."""

    order_id: str
    decision: Literal["approved", "changed", "denied"]
    amount: Decimal
    reason: str
    decided_by: str
    decided_at: datetime


class Recommendation(BaseModel):
    """What the agent suggests for an order, and the decision if there is one.

    An answer that can't be read has no class and no amount.
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


class Page(BaseModel):
    """Recommendations, newest first; `next_cursor` leads to the older ones."""

    recommendations: list[Recommendation]
    next_cursor: str | None


class ClassSummary(BaseModel):
    """One suggested class: how many orders, how many still open, and the sums."""

    suggested_class: str | None
    orders: int
    open: int
    suggested_usd: Decimal
    granted_usd: Decimal


class Summary(BaseModel):
    """The whole table in figures."""

    orders: int
    open: int
    decided: int
    suggested_usd: Decimal
    granted_usd: Decimal
    by_class: list[ClassSummary]

    @classmethod
    def of(cls, rows: list[ClassSummary]) -> Self:
        """Add the classes up."""
        orders, waiting = sum(row.orders for row in rows), sum(row.open for row in rows)
        return cls(orders=orders, open=waiting, decided=orders - waiting, by_class=rows,
                   suggested_usd=sum((row.suggested_usd for row in rows), Decimal(0)),
                   granted_usd=sum((row.granted_usd for row in rows), Decimal(0)))


class RefundRequest(BaseModel):
    """A decision to save: approve the suggestion, change its amount, or deny it with a reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={
        "examples": [{"order_id": "K7Q2ZD", "decision": "change", "amount": "4.50", "reason": "one dish was cold"}]})

    order_id: OrderId
    decision: Literal["approve", "change", "deny"]
    amount: Annotated[Decimal, Field(gt=0, max_digits=10, decimal_places=2)] | None = Field(None, validate_default=True)
    reason: Reason = Field("", validate_default=True)

    @field_validator("amount")
    @classmethod
    def _amount_fits(cls, amount: Decimal | None, info: ValidationInfo) -> Decimal | None:
        changes = info.data.get("decision") == "change"
        if changes and amount is None:
            raise ValueError("say which amount to refund instead")
        if not changes and amount is not None and "decision" in info.data:
            raise ValueError("only a change names an amount")
        return amount

    @field_validator("reason")
    @classmethod
    def _reason_fits(cls, reason: str, info: ValidationInfo) -> str:
        if info.data.get("decision") == "deny" and not reason:
            raise ValueError("say why the refund is denied")
        return reason


class Stage(BaseModel):
    """One step of an order; `minutes` since the step before. `pings` counts the driver's positions folded into it."""

    name: str
    ts: datetime
    minutes: float | None
    pings: int = 0


class Item(BaseModel):
    """One line of an order."""

    name: str
    qty: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.qty


class OrderEvents(BaseModel):
    """An order's course: its stages, its items, and the minutes from creation to delivery."""

    order_id: str
    location_id: int
    stages: list[Stage]
    items: list[Item]
    total_usd: Decimal
    delivery_minutes: float | None
