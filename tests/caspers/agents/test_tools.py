import json

import pytest

from caspers.agents.tools import OutOfScope, Tools
from caspers.refunds.facts import LOCATION_TIMINGS, ORDER_DETAILS


def rows(fact, value):
    if value == "ZZ99ZZ":
        raise OutOfScope("This is about order AB12CD.")
    return [{"fact": fact.name, "value": value}]


TOOLS = Tools([ORDER_DETAILS, LOCATION_TIMINGS], rows)


def test_each_fact_is_described_with_its_argument():
    details, timings = (tool["function"] for tool in TOOLS.specs())
    assert (details["name"], details["description"]) == (ORDER_DETAILS.name, ORDER_DETAILS.comment)
    assert details["parameters"]["required"] == ["oid"]
    assert timings["parameters"]["properties"]["location"]["type"] == "integer"


@pytest.mark.parametrize(
    ("name", "arguments", "found"),
    [
        ("get_order_details", '{"oid": "AB12CD"}', [{"fact": "get_order_details", "value": "AB12CD"}]),
        ("get_location_timings", '{"location": "3"}', [{"fact": "get_location_timings", "value": 3}]),
    ],
)
def test_a_call_returns_the_rows_as_json(name, arguments, found):
    assert json.loads(TOOLS.answer(name, arguments)) == found


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("drop_tables", "{}", "There is no tool drop_tables. Valid tools: get_order_details, get_location_timings."),
        ("get_order_details", "no JSON", "get_order_details needs a JSON object with oid (string)."),
        ("get_order_details", "[]", "get_order_details needs a JSON object with oid (string)."),
        (
            "get_location_timings",
            '{"location": "x"}',
            "get_location_timings needs a JSON object with location (integer).",
        ),
        ("get_order_details", '{"oid": "ZZ99ZZ"}', "This is about order AB12CD."),
    ],
)
def test_a_call_that_can_not_be_answered_says_why(name, arguments, error):
    assert json.loads(TOOLS.answer(name, arguments)) == {"error": error}
