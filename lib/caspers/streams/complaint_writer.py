"""Complaints in the words of a language model, where one is served: SQL's `ai_query` calls it for many orders at once.

The claims of a complaint are drawn by the order's id, as for the grammar: not all of them are true.
"""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from caspers import offline_policy
from caspers.complaints import Category
from caspers.complaints.texts import ComplainedOrder, order_claims

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

_MATTERS: dict[Category, str] = {
    "delivery_delay": "the delivery took {minutes} minutes",
    "missing_items": "the {missing} was not in the bag",
    "food_quality": "something about the {item} was bad, so that you could not enjoy it",
    "service_issue": "the driver or the support behaved badly when you got your {item}",
    "billing": "you were charged ${charged} instead of ${total}",
}
_MOODS = (
    "calm and to the point",
    "angry",
    "tired of it and short",
    "polite to a fault",
    "sarcastic",
    "in a hurry, all in lower case",
    "disappointed, since you used to like the place",
)
_LENGTHS = ("one sentence", "two sentences", "three or four sentences")


def by_model(ws: "Workbook", endpoint: str, orders: Sequence[tuple[ComplainedOrder, Category]]) -> dict[str, str]:
    """What the language model behind `endpoint` writes about these orders, by order id.

    An order at which the model failed is left out; all are if no language model is behind the endpoint.
    """
    if not orders or not _is_language_model(ws, endpoint):
        return {}
    ws.offer_ai_query()
    prompts = [(order.order_id, prompt(order, category)) for order, category in orders]
    ws.spark.createDataFrame(prompts, "order_id STRING, prompt STRING").createOrReplaceTempView("prompts")
    answers = ws.spark.sql(texts_sql(endpoint)).collect()
    # By position: the answer is first and the error second, whatever a version of ai_query names them.
    return {row.order_id: row.answer[0].strip() for row in answers if row.answer[0] and row.answer[0].strip()}


def texts_sql(endpoint: str) -> str:
    """A query of the model's answer to each prompt in the view `prompts`: a struct of the answer and an error.

    Databricks requires the endpoint to be a constant; `parameters.check` allows no quote in it.
    """
    return f"SELECT order_id, ai_query('{endpoint}', prompt, failOnError => false) AS answer FROM prompts"


def prompt(order: ComplainedOrder, category: Category) -> str:
    """The prompt for a complaint about this order: always the same for the same order and category."""
    dice = random.Random(f"{order.order_id}/{category}/prompt")
    claims = order_claims(order, category, dice)
    return (
        f"You ordered food from a delivery kitchen and write to its support. What you complain about: "
        f"{_MATTERS[category].format(**claims)}. You are {dice.choice(_MOODS)}. What you know of your order: it has "
        f"the number {order.order_id}, was placed on {claims['day']}, {claims['date']}, at {claims['time']} in "
        f"{order.city}, and had {', '.join(item.name for item in order.items)} for ${claims['total']} in all. "
        f"Mention only what such a customer would mention, and complain about nothing else. "
        f"Write {dice.choice(_LENGTHS)}, and nothing but the message itself."
    )


def _is_language_model(ws: "Workbook", name: str) -> bool:
    """Whether a language model answers at the serving endpoint `name` now: it is there, and not the stand-in."""
    from databricks.sdk.errors import NotFound

    try:
        served = ws.w.serving_endpoints.get(name).config
    except NotFound:
        return False
    entities = served.served_entities if served else None
    return bool(entities) and all(each.name != offline_policy.NAME for each in entities or ())
