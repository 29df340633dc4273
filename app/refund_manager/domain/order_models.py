"""An order with its context: the history of its decision, other orders at its address, and the kitchen's load."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from refund_manager.domain.models import Change, Recommendation


class OtherOrder(BaseModel):
    """Another order to the same address: what was suggested for it and what was granted."""

    order_id: str
    order_ts: datetime
    total_usd: Decimal | None
    suggested_class: str | None
    suggested_usd: Decimal | None
    decision: str | None
    granted_usd: Decimal | None


class Kitchen(BaseModel):
    """Other orders of the kitchen at the time: how many, how many of them were slower than P75, and their median."""

    orders: int
    late: int
    median_minutes: float | None


class OrderDetails(Recommendation):
    """An order: its recommendation, every change of its decision, and its context."""

    history: list[Change]
    others: list[OtherOrder]
    kitchen: Kitchen
