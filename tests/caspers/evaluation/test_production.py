from agent_responses import GOOD, response
from caspers import evaluation, names
from caspers.agents.refund_agent import RefundAgent
from caspers.evaluation import production


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
    experiment = names.shared_id(production.EXPERIMENTS[0], ws.catalog)
    ws.mlflow.set_experiment(experiment)
    with ws.mlflow.start_span("predict") as span:
        span.set_outputs(response(GOOD | {"customer_response": "Sorry. We credit you $60.00."}))
    ws.mlflow.flush_trace_async_logging()
    samples = evaluation.score_agents(ws, share=1.0)
    assert list(samples) == [experiment]
    assert samples[experiment].failed == ["promise: names $60.00"]


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
