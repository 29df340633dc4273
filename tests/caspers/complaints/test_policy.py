import re

import pytest

from caspers.complaints import policy
from caspers.complaints.reading import Item, Reading

ITEMS = (Item("Miso Soup", 2, 4.25), Item("Udon", 1, 13.15))


def evidence(minutes=30.0, total=21.65, items=ITEMS):
    return policy.Evidence(minutes, 30.0, 50.0, total, items)


def reading(category, named=(), alarm_words=()):
    return Reading(category, 0.75, frozenset(named), alarm_words)


@pytest.mark.parametrize(
    ("minutes", "usd", "told"),
    [(12.0, 0.0, "within"), (30.0, 0.0, "within"), (30.1, 3.0, "15%"), (50.0, 3.0, "15%"), (50.1, 5.5, "25%")],
)
def test_a_delay_is_credited_by_the_orders_own_minutes(minutes, usd, told):
    triage = policy.decide(reading("delivery_delay"), evidence(minutes))
    assert (triage.decision, triage.credit_amount) == ("suggest_credit", usd)
    assert f"{minutes:.1f} min" in triage.rationale and told in triage.rationale


@pytest.mark.parametrize(("named", "usd"), [(["Udon"], 13.15), (["Miso Soup"], 4.25), (["Udon", "Miso Soup"], 17.40)])
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
        (reading("delivery_delay", alarm_words=("lawyer",)), evidence(99.0), "high"),
    ],
)
def test_what_evidence_can_not_settle_goes_to_a_person(what, order, priority):
    triage = policy.decide(what, order)
    assert (triage.decision, triage.credit_amount, triage.priority) == ("escalate", 0.0, priority)
    assert "$" not in triage.customer_response


def test_a_text_without_a_matter_and_an_item_not_on_the_order_are_for_a_person():
    vague = policy.decide(Reading("service_issue", 0.1, frozenset(), (), clear=False), evidence(99.0))
    assert (vague.decision, "doesn't say" in vague.rationale) == ("escalate", True)
    elsewhere = policy.decide(reading("missing_items"), evidence())
    assert "Miso Soup, Udon" in elsewhere.rationale and elsewhere.credit_amount == 0


@pytest.mark.parametrize(
    ("triage", "told"),
    [
        (policy.decide(reading("delivery_delay"), evidence(51.0)), "$5.50"),
        (policy.decide(reading("delivery_delay"), evidence(31.0)), "$3.00"),
        (policy.decide(reading("delivery_delay"), evidence(12.0)), "can't offer a credit"),
        (policy.decide(reading("missing_items", ["Udon", "Miso Soup"]), evidence()), "the Miso Soup and the Udon"),
        (policy.decide(reading("food_quality", ["Udon"]), evidence()), "the Udon"),
        (policy.decide(reading("food_quality"), evidence()), "your meal"),
        (policy.decide(reading("billing"), evidence()), "charge"),
        (policy.decide(reading("food_quality", alarm_words=("glass",)), evidence()), "seriously"),
    ],
)
def test_the_customer_reads_about_the_own_complaint_and_no_internal_figures(triage, told):
    assert told in triage.customer_response
    assert not re.search(r"P\d\d|%|\bmin|30\.0|50\.0", triage.customer_response)
    assert triage.rationale.endswith(".") and ". " not in triage.rationale
