"""One order with what is known around it."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from refund_manager.domain.models import Change, Recommendation


class OtherOrder(BaseModel):
    """Another order at the same address, what was suggested for it and what was granted."""

    order_id: str
    order_ts: datetime
    total_usd: Decimal | None
    suggested_class: str | None
    suggested_usd: Decimal | None
    decision: str | None
    granted_usd: Decimal | None


class Kitchen(BaseModel):
    """What else a kitchen had to do: other orders, how many of them took longer than P75, and their median."""

    orders: int
    late: int
    median_minutes: float | None


class OrderDetails(Recommendation):
    """One order: its recommendation, every change of its decision, and what else there was around it."""

    history: list[Change]
    others: list[OtherOrder]
    kitchen: Kitchen
