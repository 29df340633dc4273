import json

import mlflow
import pytest
from chat_server import serving
from mlflow.types.responses import ResponsesAgentRequest

from caspers import facts
from caspers.agents.refund_agent import RefundAgent
from caspers.agents.tools import keeping
from caspers.standin import chat

TABLE = {
    ("get_order_details", "AB12CD"): [{"line_usd": 20.5}, {"line_usd": 19.5}],
    ("get_order_delivery_time", "AB12CD"): [
        {"delivery_minutes": 40.0, "location_id": 3, "delivered_ts": "2024-03-01T12:40:00.000Z"}
    ],
    ("get_location_timings", 3): [{"p75_minutes": 30.0, "p99_minutes": 50.0}],
    ("get_order_details", "0NROAD"): [{"line_usd": 20.5}],
    ("get_order_delivery_time", "0NROAD"): [{"delivery_minutes": None, "location_id": 3, "delivered_ts": None}],
    ("get_order_delivery_time", "N0ITEM"): [
        {"delivery_minutes": 31.0, "location_id": 3, "delivered_ts": "2024-03-01T12:40:00.000Z"}
    ],
}


@pytest.fixture(autouse=True, scope="module")
def no_traces(tmp_path_factory):
    """These tests have no tracking server; the notebooks' runs trace to the workspace's."""
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")  # asked even when it is off
    mlflow.tracing.disable()
    yield
    mlflow.tracing.enable()
    mlflow.set_tracking_uri(None)


def lookup(fact, value):
    return TABLE.get((fact.name, value), [])


@pytest.fixture(scope="module")
def standin():
    with serving(chat.complete) as client:
        yield client


def ask(client, text="", **custom):
    agent = RefundAgent("the-model", open_ai=client, lookup=lookup)
    request = {"input": [{"role": "user", "content": text}], "custom_inputs": custom}
    response = agent.predict(ResponsesAgentRequest(**request))
    return json.loads(response.output[0].content[0]["text"]), response.custom_outputs


def saying(*contents):
    """A model that gives these answers one after the other, and the requests that it was sent."""
    asked, left = [], list(contents)

    def complete(request):
        asked.append(request)
        message = {"role": "assistant", "content": left.pop(0)}
        return {"id": "x", "object": "chat.completion", "created": 0, "model": "some-llm", "choices": [
            {"index": 0, "message": message, "finish_reason": "stop"}]}

    return complete, asked


def answer(usd, kind, reason="Late."):
    return json.dumps({"refund_usd": usd, "refund_class": kind, "reason": reason})


@pytest.mark.parametrize("how", [{"order_id": "AB12CD"}, {"text": "PLEASE refund my order AB12CD, it was late"}])
def test_the_model_decides_over_facts_from_the_tools(standin, how):
    recommendation, outputs = ask(standin, **how)
    assert (recommendation["refund_usd"], recommendation["refund_class"]) == (12.0, "partial")
    assert {key: outputs[key] for key in ("status", "source", "model", "order_id", "note")} == {
        "status": "decided", "source": "agent", "model": "offline-policy", "order_id": "AB12CD", "note": None}
    assert outputs["usage"]["input_tokens"] > 0


@pytest.mark.parametrize(
    ("order_id", "status"),
    [("ZZ99ZZ", "unknown_order"), ("0NROAD", "not_delivered"), ("N0ITEM", "no_evidence"), ("", "no_order_id")],
)
def test_an_order_that_can_not_be_judged_gets_a_clear_answer(standin, order_id, status):
    recommendation, outputs = ask(standin, order_id=order_id)
    assert (recommendation["refund_usd"], recommendation["refund_class"]) == (0.0, "none")
    assert order_id in recommendation["reason"]
    assert (outputs["status"], outputs["source"]) == (status, "fallback")


@pytest.mark.parametrize(
    ("said", "usd", "kind"),
    [(answer(500, "full"), 40.0, "full"), (answer(0, "partial"), 0.0, "none"), (answer(7.5, "full"), 7.5, "partial")],
)
def test_amount_and_class_are_put_right_whatever_the_model_says(said, usd, kind):
    complete, _ = saying(said)
    with serving(complete) as client:
        recommendation, outputs = ask(client, order_id="AB12CD")
    assert (recommendation["refund_usd"], recommendation["refund_class"]) == (usd, kind)
    assert outputs["source"] == "agent" and "corrected" in outputs["note"] and "corrected" in recommendation["reason"]


def test_an_invalid_answer_is_sent_back_with_its_error():
    complete, asked = saying("no JSON", answer(-1, "none"), answer(12.0, "partial"))
    with serving(complete) as client:
        recommendation, outputs = ask(client, order_id="AB12CD")
    assert recommendation["refund_usd"] == 12.0 and outputs["model"] == "some-llm"
    assert "refund_usd" in asked[2]["messages"][-1]["content"]


def test_after_two_more_tries_the_policy_decides_and_says_so():
    complete, asked = saying("no", "no", "no")
    with serving(complete) as client:
        recommendation, outputs = ask(client, order_id="AB12CD")
    assert len(asked) == 3
    assert (recommendation["refund_usd"], outputs["source"], outputs["model"]) == (12.0, "fallback", "offline-policy")
    assert "no valid answer" in outputs["note"]


def test_a_model_out_of_reach_is_said_too():
    with serving(chat.complete) as client:
        pass
    recommendation, outputs = ask(client, order_id="AB12CD")
    assert (recommendation["refund_usd"], outputs["source"]) == (12.0, "fallback")
    assert "The policy decided" in outputs["note"]


def test_a_locations_timings_are_looked_up_once_a_while_and_orders_every_time():
    asked = []
    remembering = keeping(lambda fact, value: asked.append((fact.name, value)) or [{"n": len(asked)}],
                          facts.LOCATION_TIMINGS, seconds=3600)
    for _ in range(2):
        remembering(facts.LOCATION_TIMINGS, 3)
        remembering(facts.ORDER_DETAILS, "AB12CD")
    assert asked == [("get_location_timings", 3), ("get_order_details", "AB12CD"), ("get_order_details", "AB12CD")]
    keeping_nothing = keeping(lambda fact, value: [asked.append(value)], facts.LOCATION_TIMINGS, seconds=0)
    for _ in range(2):
        keeping_nothing(facts.LOCATION_TIMINGS, 8)
    assert asked[-2:] == [8, 8]
