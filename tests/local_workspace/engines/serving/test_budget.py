"""The budget of an endpoint."""

import pytest
from pydantic import ValidationError

from local_workspace.engines.serving.budget import Limits, Used, spent

PRICES = {"usd_per_million_input": 2.0, "usd_per_million_output": 8.0}


@pytest.mark.parametrize(
    ("limits", "used", "what"),
    [
        ({}, {"calls": 10**6, "usd": 1e6}, ""),
        ({"max_calls": 3}, {"calls": 2}, ""),
        ({"max_calls": 3}, {"calls": 3}, "the budget of 3 calls is spent: 3 calls"),
        ({"max_calls": 0}, {}, "the budget of 0 calls is spent"),
        ({"max_usd": 0.5, **PRICES}, {"usd": 0.4999}, ""),
        ({"max_usd": 0.5, **PRICES}, {"usd": 0.5}, "the budget of $0.5 is spent: 0 calls and $0.5000"),
        ({"max_calls": 1, "max_usd": 0, **PRICES}, {"calls": 1}, "the budget of 1 calls is spent"),
    ],
)
def test_a_budget_is_spent_at_its_limit(limits, used, what):
    said = spent(Limits(**limits), Used(**used))
    assert said.startswith(what) and bool(said) == bool(what)


def test_the_error_names_the_limit_and_adds_the_advice():
    said = spent(Limits(max_calls=1, advice="Set BUDGET."), Used(calls=1, since="2026-05-01T12:00:00.000Z"))
    assert said.endswith("since 2026-05-01T12:00:00.000Z. Raise max_calls. Set BUDGET.")
    assert spent(Limits(max_usd=0, **PRICES), Used()).endswith("Raise max_usd.")


@pytest.mark.parametrize(("prices", "cost"), [(PRICES, 10.0), ({}, 0.0), ({"usd_per_million_output": 8.0}, 4.0)])
def test_tokens_cost_their_price(prices, cost):
    assert Limits(**prices).usd((3_000_000, 500_000)) == cost


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_usd": 1}, "max_usd needs usd_per_million_input and usd_per_million_output"),
        ({"max_usd": 1, "usd_per_million_input": 2}, "max_usd needs"),
        ({"timeout_seconds": 0}, "greater than 0"),
        ({"max_calls": -1}, "greater than or equal to 0"),
        ({"max_cals": 1}, "not permitted"),
    ],
)
def test_limits_that_make_no_sense(fields, message):
    with pytest.raises(ValidationError, match=message):
        Limits(**fields)
