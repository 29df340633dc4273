import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import openai
import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import EndpointState, EndpointStateReady
from mlflow.types.responses import ResponsesAgentRequest

from caspers import evaluation
from caspers.agents.ask import ask_all, client, not_ready
from caspers.agents.refund_agent import RefundAgent
from chat_server import serving

pytestmark = pytest.mark.usefixtures("no_traces")


def workbook(client=None, ready=EndpointStateReady.READY):
    """A workbook whose only endpoint, `refunds`, is behind this client."""

    def get(name):
        if name != "refunds":
            raise NotFound(name)
        return SimpleNamespace(state=EndpointState(ready=ready))

    host = str(client.base_url).rstrip("/") if client else "http://127.0.0.1:9"
    config = SimpleNamespace(host=host, authenticate=lambda: {"Authorization": "Bearer none"})
    return SimpleNamespace(w=SimpleNamespace(serving_endpoints=SimpleNamespace(get=get), config=config))


@pytest.fixture(scope="module")
def scenarios():
    return evaluation.load("refund")


@pytest.fixture(scope="module")
def agent(standin, scenarios):
    return RefundAgent("m", open_ai=standin, lookup=scenarios.lookup)


def streamed(agent, request):
    """The events that an endpoint of the agent sends."""
    decoded = ResponsesAgentRequest(input=request["input"], custom_inputs=request["custom_inputs"])
    return (event.model_dump_json(exclude_none=True) for event in agent.predict_stream(decoded))


def decidable(scenarios, count):
    """So many ids of orders that the agent can decide on, some of them several times."""
    decided = [each for each in scenarios.scenarios if each.order_id and each.answers[0].status == "decided"]
    ids = list(dict.fromkeys(each.order_id for each in decided))
    return (ids * count)[:count]


def test_answers_of_several_requests_come_in_the_order_of_the_orders(agent, scenarios):
    sizes = []

    def respond(request):
        sizes.append(len(request["custom_inputs"]["order_ids"]))
        return streamed(agent, request)

    ids = decidable(scenarios, 23)
    with serving(respond=respond) as client:
        answers, note = ask_all(workbook(client), "refunds", ids)
    assert note is None and sorted(sizes) == [3, 10, 10]
    assert [each["order_id"] for each in answers] == ids
    assert {each["model"] for each in answers} == {"offline-policy"}
    amounts = {(each["order_id"], json.loads(each["response"])["refund_usd"]) for each in answers}
    assert len(amounts) == len(set(ids))


def test_an_order_on_which_the_agent_fell_back_has_no_answer(agent, scenarios):
    ids = [*decidable(scenarios, 2), "NOSUCH"]
    with serving(respond=lambda request: streamed(agent, request)) as client:
        answers, note = ask_all(workbook(client), "refunds", ids)
    assert [each["order_id"] for each in answers] == ids[:2]
    assert note == "1 of 3 fell back: unknown_order"


def test_a_stream_that_ends_early_costs_only_the_orders_after_its_end(agent, scenarios):
    def respond(request):
        for event in streamed(agent, request):
            yield event
            if "output_item.done" in event:
                return

    ids = decidable(scenarios, 3)
    with serving(respond=respond) as client:
        answers, note = ask_all(workbook(client), "refunds", ids)
    assert [each["order_id"] for each in answers] == ids[:1]
    assert note == "2 of 3 fell back: the agent's answer ended early"


def test_an_endpoint_that_is_missing_or_not_ready_is_not_called():
    assert ask_all(workbook(), "no-such", ["AB12CD"]) == ([], "endpoint no-such does not exist yet")
    starting = workbook(ready=EndpointStateReady.NOT_READY)
    assert ask_all(starting, "refunds", ["AB12CD"]) == ([], "endpoint refunds is not ready yet")
    assert not_ready(workbook(), "refunds") is None


def test_each_call_is_signed_in_anew():
    """A token on Databricks is valid for an hour, a client of an endpoint lives for days."""
    tokens, sent = iter(["first", "second"]), []

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            sent.append((self.path, self.headers["Authorization"]))
            self.send_error(404)

        def log_message(self, *_):
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever).start()
    host = f"http://127.0.0.1:{server.server_port}"
    config = SimpleNamespace(host=host, authenticate=lambda: {"Authorization": f"Bearer {next(tokens)}"})
    open_ai = client(SimpleNamespace(config=config))
    for _ in range(2):
        with pytest.raises(openai.NotFoundError):
            open_ai.chat.completions.create(model="m", messages=[])
    server.shutdown()
    server.server_close()
    path = "/serving-endpoints/chat/completions"
    assert sent == [(path, "Bearer first"), (path, "Bearer second")]
