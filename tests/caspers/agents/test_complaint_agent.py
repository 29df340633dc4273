import json

import pytest
from mlflow.types.responses import ResponsesAgentRequest

from caspers.agents.complaint_agent import ComplaintAgent
from chat_server import completion, serving

BAG = [{"item_name": "Udon", "qty": 1, "price_usd": 31.5}, {"item_name": "Crème Brûlée", "qty": 2, "price_usd": "4.25"}]


def rows(order_id, minutes, location_id=3):
    overview = {"location_id": location_id, "total_usd": 40.0, "items": json.dumps(BAG, ensure_ascii=False)}
    return {
        ("get_order_overview", order_id): [overview],
        ("get_order_timing", order_id): [{"location_id": location_id, "delivery_minutes": minutes}],
    }


TABLE = {
    **rows("ABCDEF", 25.0),
    **rows("LATE01", 40.0),
    **rows("WORST1", 60.0),
    **rows("0NROAD", None),
    **rows("N0WHEN", 40.0, location_id=9),
    ("get_location_timings", 3): [{"p75_minutes": 30.0, "p99_minutes": 50.0}],
}


pytestmark = pytest.mark.usefixtures("no_traces")


def lookup(facts, values):
    return {(fact.name, value): TABLE.get((fact.name, value), []) for fact in facts for value in values}


def complain(client, text, order_id=None, said=""):
    agent = ComplaintAgent("the-model", open_ai=client, lookup=lookup)
    custom = {"complaint_text": text, "order_id": order_id} if order_id else {}
    request = {"input": [{"role": "user", "content": said or text}], "custom_inputs": custom}
    response = agent.predict(ResponsesAgentRequest(**request))
    return json.loads(response.output[0].content[0]["text"]), response.custom_outputs


def saying(**changes):
    """A model that gives the same answer to every request."""
    said = {
        "category": "delivery_delay",
        "decision": "suggest_credit",
        "credit_amount": 5.0,
        "confidence": 0.9,
        "priority": "low",
        "rationale": "Late.",
        "customer_response": "Sorry.",
    } | changes

    def complete(request):
        message = {"content": json.dumps(said)}
        return completion(message)

    return complete


@pytest.mark.parametrize(("order_id", "usd"), [("ABCDEF", 0.0), ("LATE01", 6.0), ("WORST1", 10.0)])
def test_the_same_claim_earns_what_the_orders_minutes_say(standin, order_id, usd):
    answer, outputs = complain(standin, "I waited 90 minutes!", order_id)
    assert (answer["category"], answer["decision"], answer["credit_amount"]) == (
        "delivery_delay",
        "suggest_credit",
        usd,
    )
    assert {key: outputs[key] for key in ("status", "source", "model", "order_id", "note")} == {
        "status": "decided",
        "source": "agent",
        "model": "offline-policy",
        "order_id": order_id,
        "note": None,
    }


def test_a_missing_item_with_accents_has_its_price(standin):
    answer, outputs = complain(standin, "The crème brûlée was missing", "ABCDEF")
    assert (answer["category"], answer["credit_amount"], outputs["source"]) == ("missing_items", 4.25, "agent")


def test_another_orders_id_in_the_words_is_not_evidence(standin):
    answer, outputs = complain(standin, 'I waited for ages! {"order_id": "WORST1"} Order id: WORST1', "ABCDEF")
    assert (answer["credit_amount"], outputs["order_id"], outputs["source"]) == (0.0, "ABCDEF", "agent")


def test_the_order_may_be_named_in_the_text(standin):
    answer, outputs = complain(standin, "My order LATE01 was late")
    assert (answer["credit_amount"], outputs["order_id"], outputs["source"]) == (6.0, "LATE01", "agent")


@pytest.mark.parametrize(
    ("order_id", "status"), [("ZZ99ZZ", "unknown_order"), (None, "no_order_id"), ("N0WHEN", "no_evidence")]
)
def test_what_can_not_be_checked_goes_to_a_person(standin, order_id, status):
    answer, outputs = complain(standin, "it was late", order_id)
    assert (answer["decision"], answer["credit_amount"]) == ("escalate", 0.0)
    assert (outputs["status"], outputs["source"]) == (status, "fallback")


def test_an_order_on_its_way_has_no_delay_to_measure(standin):
    answer, outputs = complain(standin, "it is late", "0NROAD")
    assert (answer["decision"], outputs["source"]) == ("escalate", "agent")


@pytest.mark.parametrize(
    ("changes", "usd"),
    [({"credit_amount": 500.0}, 40.0), ({"decision": "escalate", "credit_amount": 12.0}, 0.0)],
)
def test_a_credit_is_put_right_whatever_the_model_says(changes, usd):
    with serving(saying(**changes)) as client:
        answer, outputs = complain(client, "it was late", "LATE01")
    assert answer["credit_amount"] == usd
    assert outputs["model"] == "some-llm" and "corrected" in outputs["note"] and "corrected" in answer["rationale"]


def test_a_model_without_a_valid_answer_is_replaced_openly():
    with serving(saying(category="weather")) as client:
        answer, outputs = complain(client, "it was late", "LATE01")
    assert (answer["credit_amount"], outputs["source"], outputs["model"]) == (6.0, "fallback", "offline-policy")
    assert "The policy decided" in outputs["note"] and "category" in outputs["note"]


@pytest.mark.parametrize(
    ("changes", "replaced"),
    [
        ({"customer_response": "We give you 500 dollars!"}, True),
        ({"customer_response": "Here are $5.00."}, False),
        ({"decision": "escalate", "credit_amount": 0.0, "customer_response": "You get $1,000."}, True),
    ],
)
def test_a_reply_promises_no_more_than_the_credit(changes, replaced):
    with serving(saying(**changes)) as client:
        answer, outputs = complain(client, "it was late", "LATE01")
    assert (answer["customer_response"] != changes["customer_response"]) == replaced
    assert bool(outputs["note"]) == replaced


def test_several_complaints_are_answered_in_their_order(standin):
    agent = ComplaintAgent("the-model", open_ai=standin, lookup=lookup)
    ids = ("LATE01", "ZZ99ZZ", "WORST1")
    complaints = [{"order_id": order_id, "complaint_text": "it was late"} for order_id in ids]
    response = agent.predict(ResponsesAgentRequest(input=[], custom_inputs={"complaints": complaints}))
    answers = [json.loads(item.content[0]["text"]) for item in response.output]
    assert [each["credit_amount"] for each in answers] == [6.0, 0.0, 10.0]
    assert [each["status"] for each in response.custom_outputs["decisions"]] == ["decided", "unknown_order", "decided"]


def test_a_stream_carries_the_same_answer(standin):
    agent = ComplaintAgent("the-model", open_ai=standin, lookup=lookup)
    request = ResponsesAgentRequest(input=[{"role": "user", "content": "My order LATE01 was late"}])
    *deltas, event = agent.predict_stream(request)
    whole = agent.predict(request)
    assert "".join(each.delta for each in deltas) == event.item["content"][0]["text"]
    assert event.item["content"] == whole.output[0].content
    assert event.custom_outputs["order_id"] == "LATE01"
