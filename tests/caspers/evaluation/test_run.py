import json
import re

import mlflow
import pytest

from caspers import evaluation
from caspers.agents.complaint_agent import ComplaintAgent
from caspers.agents.refund_agent import RefundAgent
from caspers.evaluation import judges, production, scorers
from caspers.refunds import facts
from caspers.standin import chat
from chat_server import serving

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
GOOD = {
    "category": "delivery_delay",
    "decision": "suggest_credit",
    "credit_amount": 6.0,
    "confidence": 0.9,
    "priority": "low",
    "rationale": "Delivered in 40.0 min: 15% of $40.00, $6.00.",
    "customer_response": "We are sorry. We credit you $6.00.",
}


@pytest.fixture(scope="module", autouse=True)
def ws(traced):
    return traced


@pytest.fixture(scope="module")
def standin():
    with serving(chat.complete) as client:
        yield client


@pytest.fixture(scope="module")
def evaluated(ws, standin):
    """Four scenarios of the complaint agent, evaluated; of one we expect what is not so."""
    scenarios = evaluation.load("complaint")
    scenarios.scenarios = [
        each for each in scenarios.scenarios if each.name in ("late", "very late", "unknown order", "a ready answer")
    ]
    scenarios.scenarios[0].expect.amount = 7.5
    return evaluation.evaluate(ws, ComplaintAgent("m", open_ai=standin, lookup=scenarios.lookup), scenarios)


@pytest.mark.parametrize("agent", AGENTS)
def test_the_files_have_what_they_should(agent):
    scenarios = evaluation.load(agent).scenarios
    assert len({each.name for each in scenarios}) == len(scenarios) >= {"refund": 25, "complaint": 40}[agent]
    assert sum(each.kind == "injection" for each in scenarios) >= 6


@pytest.mark.parametrize("fact", facts.FACTS, ids=lambda fact: fact.name)
def test_the_lookup_answers_the_columns_of_the_functions(fact):
    scenarios = evaluation.load("complaint")
    columns = [column.split()[0] for column in fact.returns.split(",")]
    for value in scenarios.locations if fact is facts.LOCATION_TIMINGS else scenarios.orders:
        assert [list(row) for row in scenarios.lookup([fact], [value])[fact.name, value]][:1] == [columns]
    assert scenarios.lookup([fact], ["NOSUCH"]) == {(fact.name, "NOSUCH"): []}


def test_a_scenario_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="'late' needs either"):
        evaluation.scenarios.Scenario(name="late", kind="late")


@pytest.mark.parametrize(
    ("scorer", "reason", "changes", "outputs"),
    [
        ("schema", "priority", {"priority": "urgent"}, {}),
        ("schema", "source", {}, {"source": None}),
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
    response = _response(GOOD | changes, **outputs)
    said = {
        each.name: each.run(outputs=response, expectations={"right": [RIGHT]})
        for each in scorers.WITHOUT_EXPECTATIONS + scorers.WITH_EXPECTATIONS
    }
    assert [each for each, feedback in said.items() if not feedback.value] == [scorer]
    assert re.search(reason, said[scorer].rationale)


def test_no_money_is_promised_by_an_escalation():
    escalated = GOOD | {"decision": "escalate", "credit_amount": 0.0, "customer_response": "Sorry, we will refund you."}
    assert not scorers.promise.run(outputs=_response(escalated)).value
    assert scorers.promise.run(outputs=_response(GOOD)).value


@pytest.mark.parametrize("agent", AGENTS)
def test_the_agents_answer_as_the_file_says(agent, standin):
    mlflow.tracing.disable()
    scenarios = evaluation.load(agent)
    served = AGENTS[agent]("m", open_ai=standin, lookup=scenarios.lookup)
    failed = {}
    for scenario in scenarios.scenarios:
        response = served.predict(scenarios.request(scenario)).model_dump()
        expected = {"right": [right.model_dump() for right in scenario.answers]}
        for each in scorers.WITHOUT_EXPECTATIONS + scorers.WITH_EXPECTATIONS:
            feedback = each.run(outputs=response, expectations=expected)
            if not feedback.value:
                failed[scenario.name, each.name] = feedback.rationale
    mlflow.tracing.enable()
    assert failed == {}


def test_the_table_says_what_failed_and_why(evaluated):
    assert list(evaluated.index) == ["late", "very late", "unknown order", "a ready answer"]
    assert list(evaluated.columns) == ["kind", "schema", "tone", "promise", "evidence", "policy", "arithmetic", "why"]
    assert list(evaluated.arithmetic) == [False, True, True, True]
    assert evaluated.why["late"] == "arithmetic: said 6.0, not 7.50" and evaluated.why["very late"] == ""
    assert evaluation.by_kind(evaluated).loc["late"].to_dict() == {
        "scenarios": 1,
        "schema": 1,
        "tone": 1,
        "promise": 1,
        "evidence": 1,
        "policy": 1,
        "arithmetic": 0,
    }


def test_the_scores_are_kept_with_the_traces(ws, evaluated):
    experiment = ws.mlflow.get_experiment_by_name("/Shared/caspers_complaint_evaluation")
    traces = ws.mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    asked = {json.loads(each.data.request)["request"]["metadata"]["scenario"]: each for each in traces}
    late = asked["late"]
    scores = {each.name: each.value for each in late.info.assessments}
    assert scores["arithmetic"] is False and scores["schema"] is True and scores["right"][0]["amount"] == 7.5
    assert {span.span_type for span in late.data.spans} == {"AGENT", "CHAT_MODEL", "TOOL"}


def test_the_gate_lets_good_scores_pass(evaluated):
    assert evaluation.gate(evaluated, 0.75) == {
        "schema": 1,
        "tone": 1,
        "promise": 1,
        "evidence": 1,
        "policy": 1,
        "arithmetic": 0.75,
        "all": 0.75,
    }


def test_the_gate_names_what_failed(evaluated):
    with pytest.raises(evaluation.GateClosed, match=r"3 of 4 .*\n- late \(late\): arithmetic: said 6.0, not 7.50"):
        evaluation.gate(evaluated, 0.8)


def test_no_floor_lets_an_injection_through(evaluated):
    with pytest.raises(evaluation.GateClosed, match="a ready answer"):
        evaluation.gate(evaluated.assign(promise=[True, True, True, False]), 0.1)


def test_calls_of_production_are_scored_once(ws, standin):
    scenarios = evaluation.load("refund")
    ws.mlflow.set_experiment("/Shared/production")
    agent = RefundAgent("m", open_ai=standin, lookup=scenarios.lookup)
    for scenario in scenarios.scenarios[:3]:
        agent.predict(scenarios.request(scenario))
    ws.mlflow.flush_trace_async_logging()
    first = evaluation.score_sample(ws, "/Shared/production", share=1.0)
    assert (first.calls, first.sampled) == (3, 3)
    assert first.scores[["schema", "tone", "promise", "evidence"]].all(axis=None) and len(first.scores) == 3
    again = evaluation.score_sample(ws, "/Shared/production", share=1.0)
    assert (again.calls, again.sampled, len(again.scores)) == (3, 3, 0)
    assert evaluation.score_sample(ws, "/Shared/production", share=0.0).sampled == 0
    assert first.failed == again.failed == []


def test_a_call_that_a_scorer_refuses_is_named_and_an_agent_that_is_not_there_left_out(ws):
    ws.mlflow.set_experiment(production.EXPERIMENTS[0])
    with ws.mlflow.start_span("predict") as span:
        span.set_outputs(_response(GOOD | {"customer_response": "Sorry. We credit you $60.00."}))
    ws.mlflow.flush_trace_async_logging()
    samples = evaluation.score_agents(ws, share=1.0)
    assert list(samples) == [production.EXPERIMENTS[0]]
    assert samples[production.EXPERIMENTS[0]].failed == ["promise: names $60.00"]


def test_calls_that_were_streamed_are_scored_like_the_others(ws, standin):
    scenarios = evaluation.load("refund")
    ws.mlflow.set_experiment("/Shared/streamed")
    agent = RefundAgent("m", open_ai=standin, lookup=scenarios.lookup)
    for order_ids in (["L840M1"], list(scenarios.orders)):
        list(
            agent.predict_stream(
                {"input": [{"role": "user", "content": "Decide."}], "custom_inputs": {"order_ids": order_ids}}
            )
        )
    ws.mlflow.flush_trace_async_logging()
    sample = evaluation.score_sample(ws, "/Shared/streamed", share=1.0)
    assert len(sample.scores) == 2
    assert sample.scores[["schema", "tone", "promise", "evidence"]].all(axis=None), list(sample.scores.why)


def test_a_tenth_is_sampled_and_always_the_same():
    sampled = [number for number in range(5000) if production.in_sample(f"tr-{number}", 0.1)]
    assert 400 < len(sampled) < 600
    assert set(sampled) <= {number for number in range(5000) if production.in_sample(f"tr-{number}", 0.2)}


def test_the_stand_in_is_no_judge(ws):
    assert judges.available(ws, "the-model") == []


def test_a_language_model_judges_by_guidelines(ws, connected, monkeypatch):
    asked = []

    def complete(request):
        asked.append(request["messages"][-1]["content"])
        content = json.dumps({"rationale": "It shouts.", "result": "no"})
        return {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "big",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        }

    with serving(complete) as client:
        monkeypatch.setenv("CASPERS_LLM_BASE_URL", str(client.base_url))
        from caspers.agents import deploy
        from caspers.standin import model_endpoint

        deploy.serve(ws, "a-judge", model_endpoint._external("a-judge"))
        kind, plain = judges.available(ws, "a-judge")
        feedback = kind(inputs={"request": "It was late"}, outputs=_response(GOOD))
    assert (feedback.name, feedback.value, feedback.rationale, plain.name) == ("kind", "no", "It shouts.", "plain")
    assert judges.GUIDELINES["kind"] in asked[0] and "We credit you $6.00" in asked[0]
    ws.w.serving_endpoints.delete("a-judge")


def _response(answer, **outputs):
    item = {"type": "message", "content": [{"type": "output_text", "text": json.dumps(answer)}]}
    return {"output": [item], "custom_outputs": {"status": "decided", "source": "agent", "model": "m"} | outputs}
