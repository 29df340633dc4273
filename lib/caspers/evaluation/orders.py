"""The made-up orders and locations that the scenarios are about."""

from pydantic import BaseModel, ConfigDict


class Location(BaseModel):
    """A kitchen and the quantiles of its delivery minutes."""

    model_config = ConfigDict(extra="forbid")

    name: str
    p50: float
    p75: float
    p99: float


class Order(BaseModel):
    """An order: minutes from order to door (None while on its way), items as (name, quantity, price in US dollars)."""

    model_config = ConfigDict(extra="forbid")

    location: int
    minutes: float | None = None
    items: list[tuple[str, int, float]]

    @property
    def total_usd(self) -> float:
        """What was paid."""
        return round(sum(quantity * price for _, quantity, price in self.items), 2)
