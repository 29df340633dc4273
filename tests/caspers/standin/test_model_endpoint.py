"""LLM_MODEL's endpoint on a laptop: what is behind it follows the settings, and speaks what OpenAI's client speaks."""

import json
from collections.abc import Callable, Iterator

import openai
import pytest

import caspers
import openai_server
from caspers import config
from caspers.agents.tools import Tools
from caspers.platform.connect import Workbook
from caspers.refunds import facts
from caspers.standin import model_endpoint

NAME = "test-llm-model"
TOOLS = Tools(facts.FACTS[:3], lambda _fact, _value: [])
SCHEMA = {"type": "json_schema", "json_schema": {"name": "refund_recommendation", "schema": {}}}

pytestmark = pytest.mark.filterwarnings("ignore:get_open_ai_client:DeprecationWarning")


@pytest.fixture(scope="module")
def ws(connected, catalog) -> Iterator[Workbook]:
    workbook = caspers.connect(catalog)
    if "ai" not in {schema.name for schema in workbook.w.schemas.list(catalog)}:
        workbook.w.schemas.create("ai", catalog)
    yield workbook
    workbook.w.serving_endpoints.delete(NAME)


@pytest.fixture(scope="module")
def client(ws) -> openai.OpenAI:
    return ws.w.serving_endpoints.get_open_ai_client(max_retries=0)


@pytest.fixture
def ai(ws, client) -> openai.OpenAI:
    """A client of the stand-in."""
    model_endpoint.ensure(ws, NAME)
    return client


@pytest.fixture
def point(ws, monkeypatch) -> Callable[..., None]:
    """Sets variables of the environment and has the endpoint follow them."""

    def point(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        model_endpoint.ensure(ws, NAME)

    return point


def ask(ai: openai.OpenAI, text: str = "Refund for order AB12CD?", **details: object):
    return ai.chat.completions.create(model=NAME, messages=[{"role": "user", "content": text}], **details)


def test_what_is_behind_it_follows_the_settings(ws, client, point, monkeypatch):
    with openai_server.running() as one, openai_server.running() as other:
        point(
            CASPERS_LLM_BASE_URL=one,
            CASPERS_LLM_API_KEY=openai_server.KEY,
            CASPERS_LLM_MODEL="big",
            CASPERS_LLM_MAX_CALLS="2",
            CASPERS_LLM_CALLS_PER_MINUTE="600",
            CASPERS_RUN="monday",
        )
        answers = [ask(client, "hi") for _ in range(2)]
        assert [(each.model, each.choices[0].message.content) for each in answers] == [
            ("big", "hi | 1"),
            ("big", "hi | 2"),
        ]
        point(CASPERS_LLM_BASE_URL=other)
        with pytest.raises(openai.RateLimitError, match="CASPERS_LLM_MAX_CALLS"):
            ask(client, "hi")
        point(CASPERS_RUN="tuesday", CASPERS_LLM_API_KEY="sk-wrong")
        with pytest.raises(openai.AuthenticationError):
            ask(client, "hi")
        point(CASPERS_LLM_API_KEY=openai_server.KEY)
        assert ask(client, "hi").choices[0].message.content == "hi | 2"  # the second that the other server has seen
    monkeypatch.delenv("CASPERS_LLM_BASE_URL")
    model_endpoint.ensure(ws, NAME)
    assert ask(client).model == "offline-policy"


def test_the_standin_streams_calls_in_parallel(ai):
    with ai.chat.completions.stream(
        model=NAME,
        messages=[{"role": "user", "content": "Refund for order AB12CD?"}],
        tools=TOOLS.specs(),
        response_format=SCHEMA,
        stream_options={"include_usage": True},
    ) as stream:
        whole = stream.get_final_completion()
    choice = whole.choices[0]
    assert choice.finish_reason == "tool_calls" and whole.usage.prompt_tokens == 4
    assert [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls] == [
        ("get_order_details", {"oid": "AB12CD"}),
        ("get_order_delivery_time", {"oid": "AB12CD"}),
    ]


@pytest.mark.parametrize(
    ("wrong", "param", "told"),
    [
        ({"n": 2}, "n", "one answer"),
        ({"max_tokens": 0}, "max_tokens", "at least 1"),
        ({"tools": TOOLS.specs(), "tool_choice": "sometimes"}, "tool_choice", "none, auto, required"),
        ({"response_format": {"type": "poem"}}, "response_format.type", "json_schema"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role", "'nobody'"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "which call"),
    ],
)
def test_a_bad_request_is_told_as_openai_tells_it(ai, wrong, param, told):
    request = {"model": NAME, "messages": [{"role": "user", "content": "x"}], **wrong}
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match=told) as error:
            ai.chat.completions.create(**request, stream=stream)
        assert (error.value.param, error.value.type) == (param, "invalid_request_error")


def test_a_language_model_takes_the_standins_place(ai, point):
    assert ask(ai).model == "offline-policy"
    with openai_server.running() as url:
        point(CASPERS_LLM_BASE_URL=url, CASPERS_LLM_API_KEY=openai_server.KEY)
        assert ask(ai, "hi").model == NAME


def test_a_setting_that_makes_no_sense_is_named(monkeypatch):
    for name, value, told in (
        ("MAX_CALLS", "many", "whole number"),
        ("TIMEOUT_SECONDS", "0", "above 0"),
        ("MAX_USD", "-1", "at least 0"),
        ("MAX_USD", "5", "prices"),
    ):
        with monkeypatch.context() as patch, pytest.raises(ValueError, match=f"CASPERS_LLM_{name}.*{told}"):
            patch.setenv(f"CASPERS_LLM_{name}", value)
            config.load()
