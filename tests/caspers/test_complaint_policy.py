import pytest

from caspers.complaints import policy
from caspers.complaints.reading import Item, Reading

ITEMS = (Item("Miso Soup", 2, 4.25), Item("Udon", 1, 13.15))


def evidence(minutes=30.0, total=21.65, items=ITEMS):
    return policy.Evidence(minutes, 30.0, 50.0, total, items)


def reading(category, named=(), alarming=()):
    return Reading(category, 0.75, frozenset(named), alarming)


@pytest.mark.parametrize(
    ("minutes", "usd", "told"),
    [(12.0, 0.0, "within"), (30.0, 0.0, "within"), (30.1, 3.0, "15%"), (50.0, 3.0, "15%"), (50.1, 5.5, "25%")],
)
def test_a_delay_is_credited_by_the_orders_own_minutes(minutes, usd, told):
    triage = policy.decide(reading("delivery_delay"), evidence(minutes))
    assert (triage.decision, triage.credit_amount) == ("suggest_credit", usd)
    assert f"{minutes:.1f} min" in triage.rationale and told in triage.rationale


@pytest.mark.parametrize(
    ("named", "usd"), [(["Udon"], 13.15), (["Miso Soup"], 4.25), (["Udon", "Miso Soup"], 17.40)]
)
def test_a_missing_item_is_worth_its_price(named, usd):
    triage = policy.decide(reading("missing_items", named), evidence())
    assert (triage.decision, triage.credit_amount) == ("suggest_credit", usd)
    assert all(name in triage.rationale for name in named)


@pytest.mark.parametrize(("named", "usd"), [(["Udon"], 4.5), ([], 6.5), (["Udon", "Miso Soup"], 8.5)])
def test_food_that_was_not_right_earns_more_the_more_of_it_was(named, usd):
    assert policy.decide(reading("food_quality", named), evidence()).credit_amount == usd


def test_a_credit_never_exceeds_the_total():
    assert policy.decide(reading("missing_items", ["Udon"]), evidence(total=5.0)).credit_amount == 5.0
    assert policy.decide(reading("delivery_delay"), evidence(99.0, total=0.3)).credit_amount <= 0.3


@pytest.mark.parametrize(
    ("what", "order", "priority"),
    [
        (reading("billing"), evidence(), "medium"),
        (reading("service_issue"), evidence(), "medium"),
        (reading("missing_items"), evidence(), "medium"),
        (reading("delivery_delay"), evidence(None), "medium"),
        (reading("food_quality", ["Udon"], ("glass",)), evidence(), "high"),
        (reading("delivery_delay", alarming=("lawyer",)), evidence(99.0), "high"),
    ],
)
def test_what_evidence_can_not_settle_goes_to_a_person(what, order, priority):
    triage = policy.decide(what, order)
    assert (triage.decision, triage.credit_amount, triage.priority) == ("escalate", 0.0, priority)
    assert "$" not in triage.customer_response


def test_the_customer_reads_the_credit_and_no_internal_figures():
    triage = policy.decide(reading("delivery_delay"), evidence(51.0))
    assert "$5.50" in triage.customer_response
    assert "P99" not in triage.customer_response and "50.0" not in triage.customer_response
