"""Complaints with the agent's response and a person's decision. Money is Decimal."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from refund_manager.domain.models import Money

ComplaintId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
ComplaintStatus = Literal["open", "decided", "all"]


class ComplaintDecision(BaseModel):
    """The credit granted to a customer: the suggested amount (accepted) or another (changed)."""

    complaint_id: str
    decision: Literal["accepted", "changed"]
    credit: Money
    decided_by: str
    decided_at: datetime | None = None


class Complaint(BaseModel):
    """A complaint with the agent's response: suggestion, rationale and reply. A field that can't be read is None.

    `rank` sorts the list: escalations first, then by priority.
    """

    complaint_id: str
    order_id: str
    ts: datetime
    source: str | None
    category: str | None
    suggested: str | None
    priority: str | None
    rationale: str | None
    reply: str | None
    credit: Decimal | None
    rank: int
    decision: ComplaintDecision | None
