"""The HTTP face of a model, over models that need no MLflow server."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse
from pydantic import TypeAdapter

from local_workspace.workers.model_adapters import adapt
from local_workspace.workers.model_app import build_app


class Echo:
    """An agent that repeats the last message; `fail` as text makes its own validation fail."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = str(request.input[-1].content)
        if text == "fail":
            TypeAdapter(int).validate_python("not a number")
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {"type": "message", "id": "1", "role": "assistant", "status": "completed", "content": [part]}
        return ResponsesAgentResponse(output=[item])

    def predict_stream(self, request: ResponsesAgentRequest) -> Iterator[Any]:
        item = self.predict(request).model_dump()["output"][0]
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}


class Chat:
    """What a chat model's `predict` and `predict_stream` give."""

    def predict(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [{"message": {"role": "assistant", "content": body["messages"][-1]["content"]}}]}

    def predict_stream(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"choices": [{"delta": {"content": body["messages"][-1]["content"]}}]}


def client(task: str, inner: object) -> TestClient:
    model = SimpleNamespace(
        metadata=SimpleNamespace(metadata={"task": task}, get_input_schema=lambda: None), get_raw_model=lambda: inner
    )
    for name in ("predict", "predict_stream"):
        setattr(model, name, getattr(inner, name))
    return TestClient(build_app(adapt(model, "echo")), raise_server_exceptions=False)


@pytest.fixture
def agent() -> TestClient:
    return client("agent/v1/responses", Echo())


@pytest.fixture
def chat() -> TestClient:
    return client("llm/v1/chat", Chat())


def test_an_agent_answers_each_shape(agent):
    assert agent.post("/responses", json={"input": "hi"}).json()["output"][0]["content"][0]["text"] == "hi"
    messages = {"messages": [{"role": "user", "content": "hi"}]}
    assert agent.post("/chat/completions", json=messages).json()["choices"][0]["message"]["content"] == "hi"
    rows = agent.post("/invocations", json={"dataframe_records": [{"input": "a"}, {"input": "b"}]}).json()
    assert len(rows["predictions"]) == 2
    stream = agent.post("/chat/completions", json={**messages, "stream": True}).text
    assert '"content": "hi"' in stream and stream.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("content", ["[]", '"x"', "5", "null", "{", "", "NaN", '{"input": NaN}', "[" * 100_000])
@pytest.mark.parametrize("path", ["/invocations", "/chat/completions", "/responses"])
def test_what_is_no_json_object_is_refused(agent, chat, path, content):
    for server in (agent, chat):
        answer = server.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400 and answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": None},
        {"input": 5},
        {"input": [5]},
        {"input": [{"role": "nobody", "content": "x"}]},
        {"input": "x", "custom_inputs": 5},
        {"input": "x", "context": "y"},
        {"input": "x", "temperature": "hot"},
        {"dataframe_records": ["x"]},
        {"dataframe_records": [{}]},
        {"inputs": "x"},
        {"messages": 5},
        {"messages": [{"role": "user", "content": "x"}], "custom_inputs": 5},
        {"messages": [{"role": "user", "content": "\ud800"}]},
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_malformed_request_to_an_agent_is_refused(agent, body, stream):
    content = json.dumps({**body, "stream": stream})
    answer = agent.post("/invocations", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["message"]


def test_a_wrong_part_is_named_as_openai_names_it(chat):
    answer = chat.post("/chat/completions", json={"messages": [{"role": "nobody", "content": "x"}]})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["type"]) == (400, "messages[0].role", "invalid_request_error")


def test_a_role_that_an_agent_does_not_know_is_named(agent):
    answer = agent.post("/invocations", json={"input": [{"role": "nobody", "content": "x"}]})
    assert answer.status_code == 400 and "Invalid role" in answer.json()["message"]


def test_what_fails_in_the_model_itself_is_the_servers_error(agent):
    answer = agent.post("/responses", json={"input": "fail"})
    assert answer.status_code == 500 and "The model failed: ValidationError" in answer.json()["message"]


class Numbers:
    """A model whose predictions are no finite numbers."""

    def predict(self, _rows: object, **_: object) -> list[float]:
        return [float("nan"), float("-inf"), 1.5]

    predict_stream = predict


def test_predictions_are_written_as_mlflows_server_writes_them():
    answer = client("", Numbers()).post("/invocations", json={"inputs": [[1.0]]})
    assert (answer.status_code, answer.text) == (200, '{"predictions": [NaN, -Infinity, 1.5]}')


def test_a_model_says_what_it_does_not_speak(chat):
    answer = chat.post("/responses", json={"input": "x"})
    assert answer.status_code == 400 and "echo does not speak the Responses API" in answer.json()["message"]


@pytest.mark.parametrize("body", [{}, {"inputs": [1]}, {"dataframe_records": [{"x": 1}]}, {"instances": "x"}])
def test_a_chat_model_without_a_signature_is_not_asked_for_rows(chat, body):
    answer = chat.post("/invocations", json=body)
    assert answer.status_code == 400 and "send it chat completions" in answer.json()["message"]
