from agent_responses import GOOD, response
from caspers.evaluation.answers import AgentAnswer, numbers_in, read_answers


def test_a_complaints_answer_is_read_from_a_response():
    (answer,) = read_answers(response(GOOD))
    assert (answer.amount, answer.decision) == (6.0, "suggest_credit")
    assert answer.derivation == GOOD["rationale"] and answer.customer_text == GOOD["customer_response"]
    assert answer.outputs["status"] == "decided"


def test_a_refunds_reason_is_what_its_customer_reads():
    (answer,) = read_answers(response({"refund_usd": 2.5, "refund_class": "partial", "reason": "Late."}))
    assert (answer.amount, answer.decision) == (2.5, "partial")
    assert answer.derivation == answer.customer_text == "Late."


def test_each_answer_of_a_batch_has_its_own_outputs():
    one, other = response(GOOD), response(GOOD, status="unknown_order")
    batch = {
        "output": one["output"] + other["output"],
        "custom_outputs": {"decisions": [one["custom_outputs"], other["custom_outputs"]]},
    }
    assert [each.outputs["status"] for each in read_answers(batch)] == ["decided", "unknown_order"]


def test_a_response_without_a_json_object_has_no_fields():
    assert read_answers(None) == [AgentAnswer()]
    for text in ("no JSON", "[1]"):
        (answer,) = read_answers({"output": [{"content": [{"text": text}]}]})
        assert (answer.fields, answer.amount, answer.customer_text) == ({}, None, "")


def test_numbers_are_found_with_and_without_thousands():
    assert numbers_in("P75 is 30.0, the total $1,234.50.") == {75.0, 30.0, 1234.5}
