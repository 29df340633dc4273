import json

import pytest
from mlflow.exceptions import MlflowException
from mlflow.types.responses import ResponsesAgentRequest

from caspers.agents.lookup import with_cached_timings
from caspers.agents.refund_agent import RefundAgent
from caspers.refunds import facts
from caspers.standin import chat
from chat_server import completion, serving

TABLE = {
    ("get_order_details", "AB12CD"): [{"location_id": 3, "line_usd": 20.5}, {"location_id": 3, "line_usd": 19.5}],
    ("get_order_delivery_time", "AB12CD"): [
        {"delivery_minutes": 40.0, "location_id": 3, "delivered_ts": "2024-03-01T12:40:00.000Z"}
    ],
    ("get_location_timings", 3): [{"p75_minutes": 30.0, "p99_minutes": 50.0}],
    ("get_order_details", "0NROAD"): [{"location_id": 3, "line_usd": 20.5}],
    ("get_order_delivery_time", "0NROAD"): [{"delivery_minutes": None, "location_id": 3, "delivered_ts": None}],
    ("get_order_delivery_time", "N0ITEM"): [
        {"delivery_minutes": 31.0, "location_id": 3, "delivered_ts": "2024-03-01T12:40:00.000Z"}
    ],
}


pytestmark = pytest.mark.usefixtures("no_traces")


def lookup(facts, values):
    return {(fact.name, value): TABLE.get((fact.name, value), []) for fact in facts for value in values}


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
        message = {"content": left.pop(0)}
        return completion(message)

    return complete, asked


def answer(usd, kind, reason="Late."):
    return json.dumps({"refund_usd": usd, "refund_class": kind, "reason": reason})


@pytest.mark.parametrize("how", [{"order_id": "AB12CD"}, {"text": "PLEASE refund my order AB12CD, it was late"}])
def test_the_model_decides_over_facts_from_the_tools(standin, how):
    recommendation, outputs = ask(standin, **how)
    assert (recommendation["refund_usd"], recommendation["refund_class"]) == (12.0, "partial")
    assert {key: outputs[key] for key in ("status", "source", "model", "order_id", "note")} == {
        "status": "decided",
        "source": "agent",
        "model": "offline-policy",
        "order_id": "AB12CD",
        "note": None,
    }
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


def test_a_model_whose_server_fails_or_sends_nonsense_is_replaced_and_it_is_said():
    def fails(request):
        raise RuntimeError("out of memory")

    for complete in (fails, lambda _: {"object": "chat.completion", "choices": []}, lambda _: {}):
        with serving(complete) as client:
            recommendation, outputs = ask(client, order_id="AB12CD")
        assert (recommendation["refund_usd"], outputs["source"], outputs["model"]) == (
            12.0,
            "fallback",
            "offline-policy",
        )
        assert "The policy decided" in outputs["note"]


def calling(*calls):
    """A model that calls these tools at once, then answers; and the requests that it was sent."""
    asked = []

    def complete(request):
        asked.append(request)
        message = {"content": answer(12.0, "partial")}
        if len(asked) == 1:
            functions = [{"name": name, "arguments": arguments} for name, arguments in calls]
            message = {
                "content": None,
                "tool_calls": [
                    {"id": f"c{place}", "type": "function", "function": each} for place, each in enumerate(functions)
                ],
            }
        return completion(message)

    return complete, asked


def test_calls_side_by_side_are_all_answered_and_none_reads_another_order():
    complete, asked = calling(
        ("get_order_details", '{"oid": "AB12CD"}'),
        ("get_location_timings", '{"location": "3"}'),
        ("get_order_details", '{"oid": "0NROAD"}'),
        ("drop_tables", "{}"),
        ("get_order_details", "no JSON"),
    )
    with serving(complete) as client:
        assert ask(client, order_id="AB12CD")[1]["source"] == "agent"
    mine, timings, other, unknown, broken = [
        json.loads(message["content"]) for message in asked[1]["messages"] if message["role"] == "tool"
    ]
    assert (mine, timings) == (TABLE["get_order_details", "AB12CD"], TABLE["get_location_timings", 3])
    assert "AB12CD" in other["error"] and "no tool" in unknown["error"] and "oid" in broken["error"]


def test_an_order_of_another_location_is_not_decided_here(standin):
    recommendation, outputs = ask(standin, order_id="AB12CD", location_id=4)
    assert (outputs["status"], recommendation["refund_usd"]) == ("other_location", 0.0)
    assert "location 4" in recommendation["reason"]
    assert ask(standin, order_id="AB12CD", location_id=3)[1]["status"] == "decided"


def test_several_orders_are_decided_in_their_order_after_one_lookup(standin):
    looked = []

    def counting(facts, values):
        looked.append(list(values))
        return lookup(facts, values)

    agent = RefundAgent("the-model", open_ai=standin, lookup=counting)
    ids = ["AB12CD", "ZZ99ZZ", "0NROAD", "AB12CD"]
    request = ResponsesAgentRequest(input=[], custom_inputs={"order_ids": ids})
    response = agent.predict(request)
    decisions = response.custom_outputs["decisions"]
    assert [each["order_id"] for each in decisions] == ids
    assert [each["status"] for each in decisions] == ["decided", "unknown_order", "not_delivered", "decided"]
    amounts = [json.loads(item.content[0]["text"])["refund_usd"] for item in response.output]
    assert amounts == [12.0, 0.0, 0.0, 12.0]
    assert looked == [["AB12CD", "ZZ99ZZ", "0NROAD"], [3]]
    events = list(agent.predict_stream(request))
    done = [event for event in events if event.type == "response.output_item.done"]
    assert [event.custom_outputs["order_id"] for event in done] == ids
    for event, item in zip(done, response.output, strict=True):
        pieces = [
            each.delta
            for each in events
            if each.type == "response.output_text.delta" and each.item_id == event.item["id"]
        ]
        assert "".join(pieces) == event.item["content"][0]["text"] == item.content[0]["text"]


@pytest.mark.parametrize(
    ("custom", "named"),
    [
        ({"order_ids": ["AB12CD"] * 101}, "order_ids"),
        ({"order_ids": []}, "order_ids"),
        ({"order_ids": ["AB12CD", 7]}, "order_ids.1"),
        ({"order_ids": "AB12CD"}, "order_ids"),
        ({"order_id": "AB12CD", "order_ids": ["AB12CD"]}, "not both"),
        ({"location_id": "here"}, "location_id"),
    ],
)
def test_a_malformed_request_is_refused_before_anything_is_looked_up(custom, named):
    agent = RefundAgent("the-model", open_ai=object(), lookup=None)
    agent.lookup = lambda _facts, _values: pytest.fail("looked up")
    with pytest.raises(MlflowException, match=named) as refused:
        agent.predict(ResponsesAgentRequest(input=[], custom_inputs=custom))
    assert refused.value.get_http_status_code() == 400


def test_all_timings_are_looked_up_once_a_while_and_orders_every_time():
    asked = []

    def counting(facts, values):
        asked.append(([fact.name for fact in facts], list(values)))
        rows = [{"location_id": 3, "n": len(asked)}, {"location_id": 4, "n": len(asked)}]
        return {(fact.name, value): rows for fact in facts for value in values}

    caching = with_cached_timings(counting, seconds=3600)
    for location in (3, 4):
        known = caching([facts.LOCATION_TIMINGS], [location])
        assert known == {("get_location_timings", location): [{"location_id": location, "n": 1}]}
        caching([facts.ORDER_DETAILS], ["AB12CD"])
    timings, details = (["get_location_timings"], [None]), (["get_order_details"], ["AB12CD"])
    assert asked == [timings, details, details]
    for opened in (8, 9, 8, 9):  # nothing has been delivered there yet
        assert caching([facts.LOCATION_TIMINGS], [opened, 3])["get_location_timings", opened] == []
    assert asked[3:] == [timings] * 2
    uncached = with_cached_timings(counting, seconds=0)
    for _ in range(2):
        uncached([facts.LOCATION_TIMINGS], [3])
    assert asked[-2:] == [timings] * 2
