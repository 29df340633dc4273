"""LLM_MODEL's endpoint on a laptop: what is behind it follows the settings, and it speaks what OpenAI's client speaks."""

import json
from collections.abc import Iterator

import caspers
import openai
import openai_server
import pytest

from caspers import facts
from caspers.agents import model_endpoint
from caspers.agents.tools import Tools

NAME = "test-llm-model"
TOOLS = Tools(facts.FACTS[:3], lambda fact, value: [])
SCHEMA = {"type": "json_schema", "json_schema": {"name": "refund_recommendation", "schema": {}}}

pytestmark = pytest.mark.filterwarnings("ignore:get_open_ai_client:DeprecationWarning")


@pytest.fixture(scope="module")
def ws(connected) -> Iterator[caspers.connect.Workbook]:
    workbook = caspers.connect("caspersdev")
    model_endpoint.ensure(workbook, NAME)
    yield workbook
    workbook.w.serving_endpoints.delete(NAME)


@pytest.fixture(scope="module")
def ai(ws) -> openai.OpenAI:
    return ws.w.serving_endpoints.get_open_ai_client(max_retries=0)


def ask(ai: openai.OpenAI, text: str = "Refund for order AB12CD?", **details: object):
    return ai.chat.completions.create(model=NAME, messages=[{"role": "user", "content": text}], **details)


def test_the_standin_streams_calls_in_parallel(ai):
    with ai.chat.completions.stream(model=NAME, messages=[{"role": "user", "content": "Refund for order AB12CD?"}],
                                    tools=TOOLS.specs(), response_format=SCHEMA,
                                    stream_options={"include_usage": True}) as stream:
        whole = stream.get_final_completion()
    choice = whole.choices[0]
    assert choice.finish_reason == "tool_calls" and whole.usage.prompt_tokens == 4
    assert [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls] == [
        ("get_order_details", {"oid": "AB12CD"}), ("get_order_delivery_time", {"oid": "AB12CD"})]


@pytest.mark.parametrize(("wrong", "param", "told"), [
    ({"n": 2}, "n", "one answer"),
    ({"max_tokens": 0}, "max_tokens", "at least 1"),
    ({"tools": TOOLS.specs(), "tool_choice": "sometimes"}, "tool_choice", "none, auto, required"),
    ({"response_format": {"type": "poem"}}, "response_format.type", "json_schema"),
    ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role", "'nobody'"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "which call"),
])
def test_a_bad_request_is_told_as_openai_tells_it(ai, wrong, param, told):
    request = {"model": NAME, "messages": [{"role": "user", "content": "x"}], **wrong}
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match=told) as error:
            ai.chat.completions.create(**request, stream=stream)
        assert (error.value.param, error.value.type) == (param, "invalid_request_error")


def test_what_is_behind_it_follows_the_settings(ws, ai, monkeypatch):
    assert ask(ai).model == "offline-policy"
    with openai_server.running() as one, openai_server.running() as other:
        monkeypatch.setenv("CASPERS_LLM_MODEL", "big")
        monkeypatch.setenv("CASPERS_LLM_API_KEY", openai_server.KEY)
        monkeypatch.setenv("CASPERS_LLM_MAX_CALLS", "2")
        monkeypatch.setenv("CASPERS_LLM_CALLS_PER_MINUTE", "600")
        monkeypatch.setenv("CASPERS_RUN", "monday")
        said = []
        for url in (one, other):
            monkeypatch.setenv("CASPERS_LLM_BASE_URL", url)
            assert [each.type for each in model_endpoint.ensure(ws, NAME)] == ["endpoint"]
            said.append((ask(ai, "hi").model, ask(ai, "hi").choices[0].message.content) if url == one else
                        pytest.raises(openai.RateLimitError, ask, ai, "hi", match="CASPERS_LLM_MAX_CALLS") and "spent")
        assert said == [("big", "hi | 2"), "spent"]
        monkeypatch.setenv("CASPERS_RUN", "tuesday")
        monkeypatch.setenv("CASPERS_LLM_API_KEY", "sk-wrong")
        model_endpoint.ensure(ws, NAME)
        with pytest.raises(openai.AuthenticationError):
            ask(ai, "hi")
        monkeypatch.setenv("CASPERS_LLM_API_KEY", openai_server.KEY)
        model_endpoint.ensure(ws, NAME)
        assert ask(ai, "hi").choices[0].message.content == "hi | 2"  # the other server's second
    monkeypatch.delenv("CASPERS_LLM_BASE_URL")
    model_endpoint.ensure(ws, NAME)
    assert ask(ai).model == "offline-policy"
