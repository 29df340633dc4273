"""Complaints with the agent's response and a person's decision. Money is Decimal."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from refund_manager.domain.models import Maybe, Money, Status, Text

ComplaintId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
ComplaintSort = Literal["urgent", "newest", "oldest", "amount"]


class ComplaintFilters(BaseModel):
    """Which complaints a list contains. None means no restriction; dollars are those of the suggested credit."""

    status: Status = "open"
    suggested: Maybe[Literal["escalation", "credit"]] = None
    category: Maybe[Text] = None
    city: Maybe[Text] = None
    brand: Maybe[Text] = None
    min_usd: Maybe[Money] = None
    max_usd: Maybe[Money] = None
    source: Maybe[Literal["agent", "fallback"]] = None
    text: Maybe[Text] = None
    """An order ID, or words of the customer or of the rationale."""


class ComplaintDecision(BaseModel):
    """The credit granted to a customer: the suggested amount (accepted) or another (changed)."""

    complaint_id: str
    decision: Literal["accepted", "changed"]
    credit: Money
    decided_by: str
    decided_at: datetime | None = None


class Complaint(BaseModel):
    """A complaint with the response to it: suggestion, rationale and reply. A field that can't be read is None.

    `text` is what the customer wrote; it, `city` and `brands` are None until they are known. `urgency` is smallest for
    escalations, then for high priority, then for the newest.
    """

    complaint_id: str
    order_id: str
    ts: datetime
    source: str | None
    model: str | None
    category: str | None
    suggested: str | None
    priority: str | None
    rationale: str | None
    reply: str | None
    credit: Decimal | None
    urgency: Decimal
    text: str | None
    city: str | None
    brands: list[str] | None
    decision: ComplaintDecision | None


class ComplaintPage(BaseModel):
    """One page of a sorted list of complaints; `next_cursor` gets the next page, None on the last one."""

    complaints: list[Complaint]
    next_cursor: str | None
