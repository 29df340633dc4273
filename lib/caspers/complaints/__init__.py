"""Complaints: how customers word them, what can be read from them, and what the kitchens' policy answers."""

from typing import Literal

# A `type` statement would make it a $ref in JSON schemas, which Databricks' model endpoints refuse.
Category = Literal["delivery_delay", "missing_items", "food_quality", "service_issue", "billing"]

SHARES: dict[Category, int] = {
    "delivery_delay": 40,
    "missing_items": 25,
    "food_quality": 20,
    "service_issue": 10,
    "billing": 5,
}
"""How many of a hundred complaints have which category."""
