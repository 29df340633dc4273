"""What a language model is asked to write as a customer."""

from datetime import datetime

from caspers.complaints import SHARES
from caspers.complaints.reading import Item
from caspers.complaints.texts import ComplainedOrder, claims_unordered_dish
from caspers.streams.complaint_writer import prompt

ITEMS = (Item("Miso Soup", 2, 4.25), Item("Udon", 1, 13.15))


def order(order_id):
    return ComplainedOrder(order_id, datetime(2026, 3, 2, 19, 5), "Chicago", 41.3, 21.65, ITEMS)


def test_a_prompt_has_the_orders_facts_and_is_the_same_again():
    for category in SHARES:
        asked = prompt(order("AB12CD"), category)
        assert asked == prompt(order("AB12CD"), category)
        assert all(fact in asked for fact in ("AB12CD", "Chicago", "Miso Soup, Udon", "$21.65", "Monday"))
        assert "{" not in asked


def test_prompts_of_other_orders_and_matters_differ():
    ids = [f"AB12{n:02}" for n in range(40)]
    asked = {prompt(order(each), category).replace(each, "") for each in ids for category in SHARES}
    assert len(asked) > 0.9 * len(ids) * len(SHARES)


def test_a_false_claim_names_a_dish_that_is_not_on_the_order():
    false = next(each for n in range(1000) if claims_unordered_dish(each := f"AB{n:04}"))
    true = next(each for n in range(1000) if not claims_unordered_dish(each := f"AB{n:04}"))
    claims = {each: prompt(order(each), "missing_items").split("complain about: the ")[1] for each in (false, true)}
    assert claims[true].startswith(("Miso Soup", "Udon")) and not claims[false].startswith(("Miso Soup", "Udon"))
