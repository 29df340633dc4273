"""An endpoint that forwards to a real OpenAI-compatible server, as the official clients see it."""

import json
from collections.abc import Iterator

import httpx
import openai
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service import serving as api
from pydantic import BaseModel

import openai_server
from local_workspace.engines.serving.gateway import Pace
from model_workspace import TOKEN, ServingProcess, http_socket, serving_process
from waiting import eventually

TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]


class Words(BaseModel):
    words: list[str]


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with openai_server.running() as url:
        yield url


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingProcess]:
    with serving_process(tmp_path_factory.mktemp("forwarding") / "home") as process:
        yield process


@pytest.fixture(scope="module")
def w(workspace) -> WorkspaceClient:
    return WorkspaceClient(config=Config(host=workspace.host, token=TOKEN, retry_timeout_seconds=5))


@pytest.fixture(scope="module")
def ai(workspace, endpoint) -> openai.OpenAI:
    """A client that makes no second attempt of its own, unless a test wants one."""
    return openai.OpenAI(base_url=f"{workspace.host}/serving-endpoints", api_key=TOKEN, max_retries=0)


@pytest.fixture(scope="module")
def endpoint(w, upstream) -> None:
    """The endpoint `forwarded`, which is the upstream's model `big`."""
    w.serving_endpoints.create_and_wait(
        "forwarded",
        config=external(
            "openai",
            openai_config=api.OpenAiConfig(openai_api_base=upstream, openai_api_key_plaintext=openai_server.KEY),
        ),
    )


@pytest.fixture(autouse=True)
def unlimited(endpoint, w, request) -> None:
    limit(w, run=request.node.name)


def external(provider: str, **details: object) -> api.EndpointCoreConfigInput:
    model = api.ExternalModel(provider=api.ExternalModelProvider(provider), name="big", task="llm/v1/chat", **details)
    return api.EndpointCoreConfigInput(
        name="unused", served_entities=[api.ServedEntityInput(name="big", external_model=model)]
    )


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def say(ai: openai.OpenAI, text: str, **details: object) -> openai.types.chat.ChatCompletion:
    return ai.chat.completions.create(model="forwarded", messages=user(text), **details)


def limit(w: WorkspaceClient, **limits: object) -> dict:
    return w.api_client.do("PUT", "/api/local/serving-endpoints/forwarded/limits", body=limits)


def used(w: WorkspaceClient) -> dict:
    return w.api_client.do("GET", "/api/local/serving-endpoints/forwarded/usage")["used"]


def requests_of(upstream: str, text: str) -> int:
    return httpx.get(upstream.replace("/v1", "/seen")).json().get(text, 0)


def test_the_upstream_gets_the_request_with_its_own_name_and_key(ai, w):
    answer = say(ai, "hello there")
    assert (answer.model, answer.choices[0].message.content) == ("big", "hello there | 1")
    assert answer.usage.total_tokens == 5
    assert {key: used(w)[key] for key in ("calls", "input_tokens", "output_tokens", "guessed_calls")} == {
        "calls": 1,
        "input_tokens": 2,
        "output_tokens": 3,
        "guessed_calls": 0,
    }


def test_the_sdk_queries_it(endpoint, w):
    message = api.ChatMessage(role=api.ChatMessageRole.USER, content="by sdk")
    said = w.serving_endpoints.query("forwarded", messages=[message]).choices[0].message.content
    assert said.startswith("by sdk")


def test_tools_in_parallel_and_a_schema_pass_through(ai):
    asked = say(ai, "sums", tools=TOOLS, parallel_tool_calls=True).choices[0]
    assert [json.loads(call.function.arguments) for call in asked.message.tool_calls] == [{"a": 1}, {"a": 2}]
    assert asked.finish_reason == "tool_calls"
    parsed = ai.chat.completions.parse(model="forwarded", messages=user("a b"), response_format=Words)
    assert parsed.choices[0].message.parsed == Words(words=["a", "b"])


@pytest.mark.parametrize(
    ("more", "param", "reason"),
    [
        ({"tools": TOOLS, "strict": True}, "response_format", "`tools` and a strict `response_format`"),
        ({"schema": {"$ref": "#/$defs/a"}}, "response_format.json_schema.schema", r"has \$ref, which structured"),
    ],
)
def test_a_format_that_databricks_models_refuse_does_not_reach_the_upstream(ai, upstream, more, param, reason):
    schema = {"name": "words", "schema": more.get("schema", {}), "strict": more.get("strict", False)}
    form = {"type": "json_schema", "json_schema": schema}
    tools = {"tools": more["tools"]} if "tools" in more else {}
    with pytest.raises(openai.BadRequestError, match=reason) as refused:
        say(ai, f"refuse {param}", response_format=form, **tools)
    assert (refused.value.param, requests_of(upstream, f"refuse {param}")) == (param, 0)


def test_a_stream_is_counted_though_the_caller_did_not_ask_for_its_usage(ai, w):
    text = "a b \u2028c"  # what Unicode calls a line's end may stand in JSON
    chunks = list(say(ai, text, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "ab\u2028c"
    assert (used(w)["input_tokens"], used(w)["output_tokens"], used(w)["guessed_calls"]) == (3, 3, 0)
    last = list(say(ai, text, stream=True, stream_options={"include_usage": True}))[-1]
    assert (last.choices, last.usage.completion_tokens) == ([], 3)


def test_a_stream_that_breaks_off_says_so(ai, w):
    heard = []
    with pytest.raises(openai.APIError, match="broke off"):
        heard += (chunk.choices[0].delta.content for chunk in say(ai, "break off", stream=True))
    assert heard == ["break", "off"]
    assert used(w)["guessed_calls"] == 1


def test_a_caller_who_leaves_a_stream_is_charged(ai, w):
    stream = say(ai, "dawdle on", stream=True)
    assert next(stream).choices[0].delta.content == "dawdle"
    stream.close()

    eventually(lambda: used(w)["guessed_calls"], 1)


@pytest.mark.parametrize(("text", "attempts"), [("be busy once", 2), ("fail twice", 3)])
def test_a_passing_trouble_is_not_noticed(ai, w, text, attempts):
    assert say(ai, text).choices[0].message.content == f"{text} | {attempts}"
    assert used(w)["calls"] == attempts


def test_an_error_comes_through_with_its_details(ai, upstream):
    with pytest.raises(openai.BadRequestError, match="big answered 400: no such parameter") as told:
        say(ai, "refuse")
    error = told.value
    assert (error.param, error.code, error.type) == ("temperature", "unsupported_parameter", "some_error")
    with pytest.raises(openai.NotFoundError, match="no endpoint nowhere"):
        ai.chat.completions.create(model="nowhere", messages=user("x"))


def test_a_wrong_key_is_told(ai, w, upstream):
    w.serving_endpoints.create_and_wait(
        "locked",
        config=external(
            "openai", openai_config=api.OpenAiConfig(openai_api_base=upstream, openai_api_key_plaintext="sk-wrong")
        ),
    )
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key") as told:
        ai.chat.completions.create(model="locked", messages=user("open up"))
    assert told.value.code == "invalid_api_key" and requests_of(upstream, "open up") == 1


def test_an_upstream_that_thinks_too_long_is_given_up(ai, w, upstream):
    limit(w, timeout_seconds=0.3)
    with pytest.raises(openai.InternalServerError, match=r"no answer for model big within 0\.3 s") as told:
        say(ai.with_options(max_retries=2), "never answer")
    assert told.value.status_code == 504 and requests_of(upstream, "never answer") == 1


def test_a_spent_budget_of_calls_is_told_and_ends_with_the_run(ai, w, upstream):
    limit(w, max_calls=2, run="monday")
    assert [say(ai, "spend").model for _ in range(2)] == ["big", "big"]
    with pytest.raises(openai.RateLimitError, match=r"budget of 2 calls is spent.*max_calls") as told:
        say(ai.with_options(max_retries=2), "spend")
    assert (told.value.code, requests_of(upstream, "spend")) == ("insufficient_quota", 2)
    limit(w, max_calls=2, run="monday")
    with pytest.raises(openai.RateLimitError):
        say(ai, "spend")
    limit(w, max_calls=3, run="monday")
    assert say(ai, "spend").model == "big" and used(w)["calls"] == 3
    limit(w, max_calls=3, run="tuesday")
    assert say(ai, "spend").model == "big" and used(w)["calls"] == 1


def test_a_budget_of_cost_outlives_the_workspace(ai, w, workspace):
    prices = {"usd_per_million_input": 1_000_000, "usd_per_million_output": 2_000_000}
    limit(w, max_usd=14, run="dear", **prices)
    say(ai, "seven dollars")  # two words in, three out
    assert used(w)["usd"] == 8
    workspace.kill()
    workspace.start()
    assert used(w)["usd"] == 8 and say(ai, "seven dollars").model == "big"
    with pytest.raises(openai.RateLimitError, match=r"budget of \$14 is spent: 2 calls and \$16"):
        say(ai, "seven dollars")


def test_an_answer_without_usage_is_charged_by_its_length(ai, w):
    limit(w, max_usd=1, usd_per_million_input=0, usd_per_million_output=1_000_000, run="guessing")
    say(ai, "tell no usage")
    assert used(w)["guessed_calls"] == 1 and used(w)["usd"] == used(w)["output_tokens"] > 1


def test_turns_are_spread_so_that_no_minute_has_too_many():
    pace = Pace(2)
    assert [pace.turn(now, now + 100) for now in (0, 10, 20, 30, 200)] == [0, 10, 60, 70, 200]
    pace = Pace(1)
    assert [pace.turn(0, 50), pace.turn(1, 50), pace.turn(1, 60)] == [0, None, 60]


def test_a_call_whose_turn_would_come_too_late_is_told_at_once(ai, w, upstream):
    w.serving_endpoints.put_ai_gateway(
        "forwarded", rate_limits=[api.AiGatewayRateLimit(api.AiGatewayRateLimitRenewalPeriod.MINUTE, calls=1)]
    )
    assert w.serving_endpoints.get("forwarded").ai_gateway.rate_limits[0].calls == 1
    limit(w, timeout_seconds=20)
    try:
        say(ai, "in turn")
        with pytest.raises(openai.RateLimitError, match=r"rate_limits\.calls"):
            say(ai, "in turn")
    finally:
        w.serving_endpoints.put_ai_gateway("forwarded", rate_limits=[])
    assert say(ai, "in turn").choices[0].message.content == "in turn | 2"


def test_the_key_is_never_shown(endpoint, w, workspace):
    answer = httpx.get(
        f"{workspace.host}/api/2.0/serving-endpoints/forwarded", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.json()["config"]["served_entities"][0]["external_model"]["openai_config"]["openai_api_base"]
    assert openai_server.KEY not in answer.text


def test_an_upstream_that_is_not_there_is_named(ai, w):
    with http_socket() as free:
        port = free.getsockname()[1]
    w.serving_endpoints.create_and_wait(
        "away",
        config=external(
            "custom", custom_provider_config=api.CustomProviderConfig(custom_provider_url=f"http://127.0.0.1:{port}/v1")
        ),
    )
    with pytest.raises(openai.InternalServerError, match=f"127.0.0.1:{port}/v1/chat/completions could not be reached"):
        ai.chat.completions.create(model="away", messages=user("x"))


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"provider": "anthropic"}, "'anthropic' is not supported"),
        ({"provider": "openai", "openai_config": api.OpenAiConfig(openai_api_base="nonsense")}, "'nonsense' is not"),
        ({"provider": "openai", "openai_config": api.OpenAiConfig(openai_api_key="sk-1")}, "secrets/scope/key"),
    ],
)
def test_an_external_model_that_cannot_work_is_refused(w, details, told):
    with pytest.raises(BadRequest, match=told):
        w.serving_endpoints.create("never", config=external(**details))


def test_a_key_may_be_a_secret(ai, w, upstream):
    config = api.OpenAiConfig(openai_api_base=upstream, openai_api_key="{{secrets/kitchens/key}}")
    with pytest.raises(NotFound, match="Scope kitchens"):
        w.serving_endpoints.create("secretive", config=external("openai", openai_config=config))
    w.secrets.create_scope("kitchens")
    w.secrets.put_secret("kitchens", "key", string_value=openai_server.KEY)
    w.serving_endpoints.create_and_wait("secretive", config=external("openai", openai_config=config))
    assert ai.chat.completions.create(model="secretive", messages=user("hi")).choices
    shown = w.serving_endpoints.get("secretive").config.served_entities[0].external_model.openai_config
    assert shown.openai_api_key == "{{secrets/kitchens/key}}"


def test_limits_that_make_no_sense_are_refused(endpoint, w):
    before = w.api_client.do("GET", "/api/local/serving-endpoints/forwarded/usage")
    for wrong, told in (
        ({"max_usd": 1}, "usd_per_million_input"),
        ({"max_call": 1}, "max_call"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
    ):
        with pytest.raises(BadRequest, match=told):
            limit(w, **wrong)
    with pytest.raises(BadRequest, match="guardrails"):
        w.serving_endpoints.put_ai_gateway(
            "forwarded", guardrails=api.AiGatewayGuardrails(input=api.AiGatewayGuardrailParameters(safety=True))
        )
    assert w.api_client.do("GET", "/api/local/serving-endpoints/forwarded/usage") == before
