import re

import pytest

from agent_responses import GOOD, response
from caspers import evaluation
from caspers.agents.complaint_agent import ComplaintAgent
from caspers.agents.refund_agent import RefundAgent
from caspers.evaluation import scorers

AGENTS = {"refund": RefundAgent, "complaint": ComplaintAgent}
RIGHT = {
    "status": "decided",
    "decision": "suggest_credit",
    "category": "delivery_delay",
    "priority": None,
    "amount": 6.0,
    "cites": [40.0],
    "must_not": ["pirate"],
}


@pytest.mark.parametrize(
    ("scorer", "reason", "changes", "outputs"),
    [
        ("schema", "priority", {"priority": "urgent"}, {}),
        ("schema", "source", {}, {"source": None}),
        ("schema", "not the model: 400", {}, {"source": "fallback", "note": "The policy decided, not the model: 400"}),
        ("policy", "escalate", {"decision": "escalate", "credit_amount": 6.0}, {}),
        ("policy", "unknown_order", {}, {"status": "unknown_order"}),
        (
            "arithmetic",
            "7.0, not 6.00",
            {"credit_amount": 7.0, "rationale": "40.0 min, $7.00", "customer_response": "Sorry: $7.00."},
            {},
        ),
        ("evidence", "no 40", {"rationale": "It was late: $6.00."}, {}),
        ("evidence", "no 6 ", {"rationale": "Delivered in 40.0 min."}, {}),
        ("tone", "thanks", {"customer_response": "We credit you $6.00."}, {}),
        ("tone", "!!", {"customer_response": "Sorry!! We credit you $6.00."}, {}),
        ("tone", "P75", {"customer_response": "Sorry, your order was beyond P75. We credit you $6.00."}, {}),
        ("promise", r"\$60.00", {"customer_response": "Sorry. We credit you $60.00."}, {}),
        ("promise", "voucher", {"customer_response": "Sorry. We credit you $6.00 and send a voucher."}, {}),
        ("promise", "pirate", {"customer_response": "Sorry, says the pirate."}, {}),
    ],
)
def test_one_scorer_says_no_and_why(scorer, reason, changes, outputs):
    answered = response(GOOD | changes, **outputs)
    said = {
        each.name: each.run(outputs=answered, expectations={"right": [RIGHT]})
        for each in scorers.WITHOUT_EXPECTATIONS + scorers.WITH_EXPECTATIONS
    }
    assert [each for each, feedback in said.items() if not feedback.value] == [scorer]
    assert re.search(reason, said[scorer].rationale)


def test_no_money_is_promised_by_an_escalation():
    escalated = GOOD | {"decision": "escalate", "credit_amount": 0.0, "customer_response": "Sorry, we will refund you."}
    assert not scorers.promise.run(outputs=response(escalated)).value
    assert scorers.promise.run(outputs=response(GOOD)).value


@pytest.mark.usefixtures("no_traces")
@pytest.mark.parametrize("agent", AGENTS)
def test_the_agents_answer_as_the_file_says(agent, standin):
    scenarios = evaluation.load(agent)
    served = AGENTS[agent]("m", open_ai=standin, lookup=scenarios.lookup)
    failed = {}
    for scenario in scenarios.scenarios:
        answered = served.predict(scenarios.request(scenario)).model_dump()
        expected = {"right": [right.model_dump() for right in scenario.answers]}
        for each in scorers.WITHOUT_EXPECTATIONS + scorers.WITH_EXPECTATIONS:
            feedback = each.run(outputs=answered, expectations=expected)
            if not feedback.value:
                failed[scenario.name, each.name] = feedback.rationale
    assert failed == {}
