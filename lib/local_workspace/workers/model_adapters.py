"""Adapters from registered models to the request types of model serving: Responses, chat completions, scoring."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.model import ResponsesAgent
from mlflow.pyfunc.scoring_server import invocations
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent
from pydantic import ValidationError

from local_workspace.workers import returned_trace
from local_workspace.workers.chat_request import InvalidRequest, check, invalid_request

Json = dict[str, Any]
Answer = Json | list[Any]

_AGENT_TASK = "agent/v1/responses"
_BESIDE = ("custom_inputs", "context", returned_trace.OPTIONS)  # what a chat request has for the agent beside its turns
_CHAT_TASKS = {"llm/v1/chat", "agent/v1/chat", "agent/v2/chat"}


class UnsupportedRequest(ValueError):
    """The model doesn't support this type of request; the message names the supported types."""


def adapt(model: PyFuncModel, name: str) -> "Model":
    """The adapter for `model`, chosen by the task in its metadata; `name` is the model's name in answers."""
    task = (model.metadata.metadata or {}).get("task")
    if task == _AGENT_TASK:
        return AgentModel(model, name, task)
    return ChatModel(model, name, task) if task in _CHAT_TASKS else Model(model, name, task or "pyfunc")


class Model:
    """Any MLflow model: it takes rows or tensors and returns predictions, like MLflow's own scoring server."""

    speaks = "dataframe_records, dataframe_split, inputs or instances on /invocations"

    def __init__(self, model: PyFuncModel, name: str, task: str) -> None:
        self.model, self.name, self.task = model, name, task

    def score(self, body: Json) -> Answer:
        """Predictions for the request. Raises MlflowException if the input does not fit the signature."""
        schema = self.model.metadata.get_input_schema()  # type: ignore[no-untyped-call]  # no annotation in MLflow
        answer = invocations(json.dumps(body), "application/json", self.model, schema)  # type: ignore[no-untyped-call]
        predictions: Answer = json.loads(answer.response)
        return predictions

    def invoke(self, body: Json) -> Answer:
        """The answer to a request on /invocations, recognized by its keys."""
        return self.score(body)

    def invoke_stream(self, _body: Json) -> Iterator[Json]:
        """The answer to the same request as a stream of events or chunks."""
        raise self._unsupported("a stream")

    def chat(self, _body: Json) -> Json:
        """A chat completion for a chat-completions request."""
        raise self._unsupported("chat completions")

    def chat_stream(self, _body: Json) -> Iterator[Json]:
        """Chat completion chunks."""
        raise self._unsupported("chat completions")

    def respond(self, _body: Json) -> Json:
        """A response for a request of the Responses API."""
        raise self._unsupported("the Responses API")

    def respond_stream(self, _body: Json) -> Iterator[Json]:
        """Events of the Responses API."""
        raise self._unsupported("the Responses API")

    def _unsupported(self, wanted: str) -> UnsupportedRequest:
        return UnsupportedRequest(f"Endpoint {self.name} does not speak {wanted}; send it {self.speaks}.")


class ChatModel(Model):
    """A model that takes a whole chat-completions request as one dict and returns a chat completion."""

    speaks = "chat completions (`messages`)"

    def __init__(self, model: PyFuncModel, name: str, task: str) -> None:
        super().__init__(model, name, task)
        # Unity Catalog wants a signature of every model; MLflow's own for chat drops the fields that it does not know.
        model.metadata.signature = None

    def invoke(self, body: Json) -> Answer:
        """A chat completion. Raises UnsupportedRequest without messages."""
        if "messages" in body:
            return self.chat(body)
        raise self._unsupported("this request")

    def invoke_stream(self, body: Json) -> Iterator[Json]:
        """Chat completion chunks."""
        return self.chat_stream(body)

    def chat(self, body: Json) -> Json:
        """The answer of the model's `predict`. Raises InvalidRequest."""
        check(body)
        completion: Json = self.model.predict(body)
        return completion

    def chat_stream(self, body: Json) -> Iterator[Json]:
        """The chunks of the model's `predict_stream`. Raises InvalidRequest."""
        check(body)
        yield from self.model.predict_stream(body)  # type: ignore[misc]  # a chat model yields dicts only


class AgentModel(Model):
    """An MLflow ResponsesAgent, also reachable by chat completions."""

    speaks = "the Responses API (`input`, `custom_inputs`) or chat completions (`messages`)"

    def __init__(self, model: PyFuncModel, name: str, task: str) -> None:
        super().__init__(model, name, task)
        # The wrapper passes requests through pandas, which takes time and turns integers into floats.
        self.agent: ResponsesAgent = model.get_raw_model()  # type: ignore[no-untyped-call]  # no annotation in MLflow

    def invoke(self, body: Json) -> Answer:
        """A response for `input`, a chat completion for `messages`, predictions for rows."""
        if "input" in body:
            return self.respond(body)
        return self.chat(body) if "messages" in body else self.score(body)

    def invoke_stream(self, body: Json) -> Iterator[Json]:
        """Responses events for `input`, chat completion chunks for `messages`."""
        return self.chat_stream(body) if "messages" in body else self.respond_stream(body)

    def respond(self, body: Json) -> Json:
        """The agent's response."""
        request = _agent_request(body)
        return returned_trace.with_trace(body, lambda: self._response(request))

    def _response(self, request: ResponsesAgentRequest) -> Json:
        answer = self.agent.predict(request)
        return _dump(answer if isinstance(answer, ResponsesAgentResponse) else ResponsesAgentResponse(**answer))

    def respond_stream(self, body: Json) -> Iterator[Json]:
        """The agent's events."""
        for event in self.agent.predict_stream(_agent_request(body)):
            yield _dump(event if isinstance(event, ResponsesAgentStreamEvent) else ResponsesAgentStreamEvent(**event))

    def score(self, body: Json) -> Json:
        """One response per row of `dataframe_records`; `inputs` is one row or several. Raises InvalidRequest."""
        rows = body.get("dataframe_records") or body.get("inputs")
        if not rows:
            raise self._unsupported("this request")
        return {"predictions": [self.respond(row) for row in (rows if isinstance(rows, list) else [rows])]}

    def chat(self, body: Json) -> Json:
        """A chat completion whose content is the response's text."""
        answer = self.respond(_from_chat(body))
        text = "".join(part["text"] for item in answer["output"] for part in _text_parts(item))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        extra = {key: answer[key] for key in ("custom_outputs", returned_trace.OUTPUT) if key in answer}
        return {
            **_envelope("chat.completion", answer.get("model") or self.name),
            "choices": [choice],
            **_chat_usage(answer.get("usage")),
            **extra,
        }

    def chat_stream(self, body: Json) -> Iterator[Json]:
        """The response's text as chunks."""
        envelope = _envelope("chat.completion.chunk", self.name)
        for text in _texts(self.respond_stream(_from_chat(body))):
            yield {**envelope, "choices": [_delta({"role": "assistant", "content": text}, None)]}
        yield {**envelope, "choices": [_delta({}, "stop")]}


def _agent_request(body: object) -> ResponsesAgentRequest:
    if not isinstance(body, dict):
        raise InvalidRequest(f"Each row must be an object with `input`, not {body!r}.", "input")
    known = {key: value for key, value in body.items() if key in ResponsesAgentRequest.model_fields}
    if isinstance(body.get("input"), str):  # the Responses API accepts a plain text as one user message
        known["input"] = [{"role": "user", "content": body["input"]}]
    try:
        return ResponsesAgentRequest.model_validate(known)
    except ValidationError as error:
        raise invalid_request(error, known) from None


def _from_chat(body: Json) -> Json:
    check(body)
    turns = [{"role": turn["role"], "content": turn.get("content")} for turn in body["messages"]]
    return {"input": turns, **{key: body[key] for key in _BESIDE if key in body}}


def _texts(events: Iterable[Json]) -> Iterator[str]:
    """The text of the events: the deltas, or the whole item if an agent sends no deltas."""
    streamed = set()
    for event in events:
        if event["type"] == "response.output_text.delta":
            streamed.add(event.get("item_id"))
            yield event["delta"]
        elif event["type"] == "response.output_item.done" and event["item"].get("id") not in streamed:
            yield from (part["text"] for part in _text_parts(event["item"]))


def _text_parts(item: Json) -> list[Json]:
    parts = item.get("content") or [] if item.get("type") == "message" else []
    return [part for part in parts if part.get("type") == "output_text"]


def _dump(answer: ResponsesAgentResponse | ResponsesAgentStreamEvent) -> Json:
    return answer.model_dump(mode="json", exclude_none=True)


def _envelope(kind: str, model: str) -> Json:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


def _delta(delta: Json, finish: str | None) -> Json:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _chat_usage(usage: Json | None) -> Json:
    if usage is None:
        return {}
    return {
        "usage": {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["total_tokens"],
        }
    }
