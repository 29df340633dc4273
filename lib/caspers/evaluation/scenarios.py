"""The versioned scenarios: made-up orders with their facts, what users say about them, and the right answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from caspers.agents.lookup import FactRows
from caspers.evaluation import rows
from caspers.evaluation.orders import Location, Order
from caspers.refunds.facts import Fact

type Agent = Literal["refund", "complaint"]


class Expected(BaseModel):
    """A right answer: the amount in US dollars, the figures that its derivation cites, words that it must not have.

    Without a category or a priority, any will do.
    """

    model_config = ConfigDict(extra="forbid")

    status: str = "decided"
    decision: str
    category: str | None = None
    priority: str | None = None
    amount: float = 0.0
    cites: list[float] = []
    must_not: list[str] = []


class Scenario(BaseModel):
    """A question to an agent and its right answers: one in `expect`, or several in `any_of`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: str
    order_id: str | None = None
    text: str = ""
    expect: Expected | None = None
    any_of: list[Expected] = []

    @model_validator(mode="after")
    def _one_of_both(self) -> "Scenario":
        if bool(self.expect) == bool(self.any_of):
            raise ValueError(f"scenario {self.name!r} needs either `expect` or `any_of`")
        return self

    @property
    def answers(self) -> list[Expected]:
        """All answers that are right."""
        return [self.expect] if self.expect else self.any_of


class Scenarios(BaseModel):
    """The scenarios of one agent with the orders and locations that they are about."""

    model_config = ConfigDict(extra="forbid")

    agent: Agent
    version: int
    locations: dict[int, Location]
    orders: dict[str, Order]
    scenarios: list[Scenario]

    def lookup(self, facts: Sequence[Fact], values: Sequence[object]) -> FactRows:
        """The rows that SQL functions of schema `ai` would return about each value, for an agent's constructor."""
        return {
            (fact.name, value): rows.rows_of(fact, value, self.orders, self.locations)
            for fact in facts
            for value in values
        }

    def request(self, scenario: Scenario) -> dict[str, Any]:
        """The scenario as a request of the Responses API, in the form that the streams send."""
        given = {"order_id": scenario.order_id} if scenario.order_id else {}
        if self.agent == "complaint":
            given["complaint_text"] = scenario.text
        text = scenario.text or f"What does order {scenario.order_id} earn?"
        return {
            "input": [{"role": "user", "content": text}],
            "custom_inputs": given,
            "metadata": {"scenario": scenario.name},
        }


def load(agent: Agent) -> Scenarios:
    """The scenarios of an agent. Raises pydantic.ValidationError (a ValueError) if the file is not as it should be."""
    file = Path(__file__).with_name(f"{agent}_scenarios.yaml")
    return Scenarios(agent=agent, **yaml.safe_load(file.read_bytes()))
