"""One conversation with a chat-completions model: its tool calls, then an answer that is valid for a given class.

A request offers tools or wants an answer of a JSON schema, never both: Databricks' model endpoints refuse both at once.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, cast

from pydantic import BaseModel, ValidationError

from caspers.agents.tools import Tools

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import (
        ChatCompletion,
        ChatCompletionAssistantMessageParam,
        ChatCompletionMessage,
        ChatCompletionMessageFunctionToolCall,
        ChatCompletionMessageFunctionToolCallParam,
        ChatCompletionMessageParam,
        ChatCompletionToolMessageParam,
        ChatCompletionToolParam,
    )
    from openai.types.shared_params import ResponseFormatJSONSchema

RETRIES = 2
MAX_TURNS = 8


class NoAnswer(Exception):
    """The model gave no valid answer; the message says what was wrong with the last one."""


@dataclass
class Reply[T: BaseModel]:
    """A valid answer, the name of the model that gave it, and the tokens used."""

    answer: T
    model: str
    usage: dict[str, int] = field(default_factory=dict)


def converse[T: BaseModel](
    client: "OpenAI", model: str, messages: list["ChatCompletionMessageParam"], tools: Tools, shape: type[T], name: str
) -> Reply[T]:
    """Talk to `model` until its answer is a valid `shape`; the request calls the schema `name`.

    Its tool calls are answered. An invalid answer is sent back with the error, RETRIES times at most, in requests
    without tools that want JSON of the schema. Raises NoAnswer, or openai.OpenAIError when the model can't be reached.
    """
    talk, offered = Talk(client, model), Offer(tools=tools.specs())
    completion, messages = talk.until_no_call(messages, tools, offered)
    wanted, told = Offer(response_format=response_format(shape, name)), without_calls(messages)
    for attempt in range(RETRIES + 1):
        said = _text(completion.choices[0].message)
        try:
            return Reply(shape.model_validate_json(said), completion.model, talk.usage)
        except ValidationError as error:
            if attempt == RETRIES:
                raise NoAnswer(f"{completion.model} gave no valid answer: {describe_errors(error)}.") from error
            told += _sent_back(said, error)
        completion = talk.complete(told, wanted)
    raise AssertionError("the last attempt returns or raises")


def describe_errors(error: ValidationError) -> str:
    """What is wrong in which field, in one line."""
    problems = (f"{'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in error.errors())
    return "; ".join(problems)


def response_format(shape: type[BaseModel], name: str) -> "ResponseFormatJSONSchema":
    """What a request says to get an answer of this class: its JSON schema, under a name."""
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": shape.model_json_schema()},
    }


class Offer(TypedDict, total=False):
    """What a request offers or wants beside its messages."""

    tools: list["ChatCompletionToolParam"]
    response_format: "ResponseFormatJSONSchema"


class Talk:
    """Requests to one model, and the tokens that they used."""

    def __init__(self, client: "OpenAI", model: str) -> None:
        self._client, self._model = client, model
        self.usage = {"input_tokens": 0, "output_tokens": 0}

    def complete(self, messages: list["ChatCompletionMessageParam"], offer: Offer) -> "ChatCompletion":
        """What the model answers to the messages; its tokens are counted."""
        completion = _complete(self._client, self._model, messages, offer)
        self.usage = {key: self.usage[key] + count for key, count in _tokens(completion).items()}
        return completion

    def until_no_call(
        self, messages: list["ChatCompletionMessageParam"], tools: Tools, offer: Offer
    ) -> tuple["ChatCompletion", list["ChatCompletionMessageParam"]]:
        """The first completion that calls no tool, and the messages up to it. Raises NoAnswer after MAX_TURNS."""
        messages = list(messages)
        for _ in range(MAX_TURNS):
            completion = self.complete(messages, offer)
            message = completion.choices[0].message
            if not message.tool_calls:
                return completion, messages
            said = message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}, warnings=False)
            messages += [cast("ChatCompletionAssistantMessageParam", said), *_results(message, tools)]
        raise NoAnswer(f"{self._model} gave no answer in {MAX_TURNS} turns")


def without_calls(messages: list["ChatCompletionMessageParam"]) -> list["ChatCompletionMessageParam"]:
    """The messages with calls and results as text: some models refuse calls of tools that a request does not offer."""
    calls = {call["id"]: call["function"] for each in messages if each["role"] == "assistant" for call in _calls(each)}
    facts = [
        f"{calls[each['tool_call_id']]['name']}({calls[each['tool_call_id']]['arguments']}): {each['content']}"
        for each in messages
        if each["role"] == "tool"
    ]
    kept: list[ChatCompletionMessageParam] = [each for each in messages if each["role"] in ("system", "user")]
    return [*kept, {"role": "assistant", "content": "\n".join(["I looked these facts up:", *facts])}] if facts else kept


def _calls(message: "ChatCompletionAssistantMessageParam") -> list["ChatCompletionMessageFunctionToolCallParam"]:
    return [call for call in message.get("tool_calls", []) if call["type"] == "function"]


def _sent_back(said: str, error: ValidationError) -> list["ChatCompletionMessageParam"]:
    problem = describe_errors(error)
    return [
        {"role": "assistant", "content": said},
        {"role": "user", "content": f"That answer is not valid: {problem}. Answer again, as JSON."},
    ]


def _complete(
    client: "OpenAI", model: str, messages: list["ChatCompletionMessageParam"], offer: Offer
) -> "ChatCompletion":
    import mlflow
    from mlflow.tracing.constant import SpanAttributeKey

    with mlflow.start_span("chat", span_type="CHAT_MODEL") as span:
        span.set_inputs({"model": model, "messages": messages})
        completion = _checked(client.chat.completions.create(model=model, messages=messages, temperature=0.0, **offer))
        tokens = _tokens(completion)
        span.set_attribute(SpanAttributeKey.MODEL, completion.model)
        span.set_attribute(SpanAttributeKey.CHAT_USAGE, {**tokens, "total_tokens": sum(tokens.values())})
        span.set_outputs(completion.model_dump(exclude_none=True, warnings=False))
    return completion


def _checked(completion: "ChatCompletion") -> "ChatCompletion":
    """The completion, if it is one: the client accepts any JSON that a server sends. Raises NoAnswer."""
    if getattr(completion, "choices", None) and completion.choices[0].message:
        return completion
    raise NoAnswer(f"the model's server sent no chat completion but {str(completion)[:200]!r}")


def _results(message: "ChatCompletionMessage", tools: Tools) -> list["ChatCompletionToolMessageParam"]:
    from openai.types.chat import ChatCompletionMessageCustomToolCall

    calls = message.tool_calls or []
    return [_result(call, tools) for call in calls if not isinstance(call, ChatCompletionMessageCustomToolCall)]


def _result(call: "ChatCompletionMessageFunctionToolCall", tools: Tools) -> "ChatCompletionToolMessageParam":
    import mlflow

    with mlflow.start_span(call.function.name, span_type="TOOL") as span:
        span.set_inputs(call.function.arguments)
        content = tools.answer(call.function.name, call.function.arguments)
        span.set_outputs(content)
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def _text(message: "ChatCompletionMessage") -> str:
    """A message's text; some of Databricks' models answer in blocks, of which one is the text."""
    content = message.content or ""
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content if block.get("type") == "text")


def _tokens(completion: "ChatCompletion") -> dict[str, int]:
    used = completion.usage
    return {"input_tokens": used.prompt_tokens if used else 0, "output_tokens": used.completion_tokens if used else 0}
