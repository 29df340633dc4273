import json

import pytest
from pydantic import BaseModel

from caspers.agents import complaint_agent, refund_agent
from caspers.agents.loop import MAX_TURNS, RETRIES, NoAnswer, converse
from caspers.agents.tools import Tools
from caspers.refunds.facts import ORDER_DETAILS
from chat_server import completion, serving
from local_workspace.workers import chat_request

pytestmark = pytest.mark.usefixtures("no_traces")
TOOLS = Tools([ORDER_DETAILS], lambda _fact, value: [{"order_id": value}])
CALL = {
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "get_order_details", "arguments": '{"oid": "AB12CD"}'}}
    ],
}


class Amount(BaseModel):
    usd: float


def talk(*messages, shape=Amount):
    """The reply of a model that sends these messages, the last of them again and again; and the requests it got."""
    requests = []

    def complete(request):
        requests.append(request)
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        return completion(messages[min(len(requests), len(messages)) - 1]) | {"usage": usage}

    with serving(complete) as client:
        try:
            return converse(client, "m", [{"role": "user", "content": "?"}], TOOLS, shape, "amount"), requests
        except NoAnswer as error:
            return error, requests


def test_calls_are_answered_until_the_model_answers():
    reply, requests = talk(CALL, {"content": '{"usd": 2.5}'})
    assert (reply.answer, reply.model) == (Amount(usd=2.5), "some-llm")
    assert reply.usage == {"input_tokens": 10, "output_tokens": 4}
    assert all("tools" in each and "response_format" not in each for each in requests)
    result = requests[1]["messages"][-1]
    assert (result["role"], result["tool_call_id"], json.loads(result["content"])) == (
        "tool",
        "c1",
        [{"order_id": "AB12CD"}],
    )


def test_a_text_in_blocks_is_an_answer_too():
    blocks = [{"type": "reasoning", "summary": []}, {"type": "text", "text": '{"usd": 1}'}]
    assert talk({"content": blocks})[0].answer == Amount(usd=1)


def test_an_invalid_answer_is_sent_back_a_few_times():
    error, requests = talk({"content": '{"usd": "much"}'})
    assert isinstance(error, NoAnswer) and "usd: " in str(error)
    assert len(requests) == 1 + RETRIES
    assert "usd: " in requests[1]["messages"][-1]["content"]
    assert requests[1]["response_format"]["json_schema"]["name"] == "amount"


def test_no_request_has_both_tools_and_a_format_nor_calls_without_tools():
    reply, requests = talk(CALL, {"content": "I know it now."}, {"content": '{"usd": 3}'})
    assert reply.answer == Amount(usd=3)
    assert ["tools" in each for each in requests] == [True, True, False]
    assert [message["role"] for message in requests[2]["messages"]] == ["user", "assistant", "assistant", "user"]
    assert 'get_order_details({"oid": "AB12CD"}): [{"order_id": "AB12CD"}]' in requests[2]["messages"][1]["content"]


@pytest.mark.parametrize("shape", [complaint_agent.Answer, refund_agent.Recommendation])
def test_a_databricks_model_takes_the_schema_of_each_agents_answer(shape):
    """It takes no `$ref` and no tools beside a format, which the local workspace's models check as well."""
    _, requests = talk(CALL, {"content": "not JSON"}, shape=shape)
    for request in requests:
        chat_request.check(request)
    assert "properties" in requests[-1]["response_format"]["json_schema"]["schema"]


def test_a_model_that_only_calls_tools_gives_no_answer():
    error, requests = talk(CALL)
    assert str(error) == f"m gave no answer in {MAX_TURNS} turns" and len(requests) == MAX_TURNS
