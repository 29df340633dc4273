import json

from agent_responses import GOOD, response
from caspers.evaluation import judges
from caspers.standin import model_endpoint
from chat_server import completion, serving


def test_the_stand_in_is_no_judge(ws):
    assert judges.available(ws, "the-model") == []


def test_a_language_model_judges_by_guidelines(ws, connected, monkeypatch):
    asked = []

    def complete(request):
        asked.append(request["messages"][-1]["content"])
        content = json.dumps({"rationale": "It shouts.", "result": "no"})
        return completion({"content": content}, "big")

    with serving(complete) as client:
        monkeypatch.setenv("CASPERS_LLM_BASE_URL", str(client.base_url))
        model_endpoint.ensure(ws, "a-judge")
        kind, plain = judges.available(ws, "a-judge")
        feedback = kind(inputs={"request": "It was late"}, outputs=response(GOOD))
    assert (feedback.name, feedback.value, feedback.rationale, plain.name) == ("kind", "no", "It shouts.", "plain")
    assert judges.GUIDELINES["kind"] in asked[0] and "We credit you $6.00" in asked[0]
    ws.w.serving_endpoints.delete("a-judge")
