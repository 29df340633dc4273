"""One conversation with a chat-completions model: its tool calls, then an answer that is valid for a given class."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ValidationError

from caspers.agents.tools import Tools

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import (
        ChatCompletion,
        ChatCompletionAssistantMessageParam,
        ChatCompletionMessage,
        ChatCompletionMessageFunctionToolCall,
        ChatCompletionMessageParam,
        ChatCompletionToolMessageParam,
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

    Its tool calls are answered; an invalid answer is sent back with the error, RETRIES times at most.
    Raises NoAnswer, or openai.OpenAIError when the model can't be reached.
    """
    messages, refused, usage = list(messages), 0, {"input_tokens": 0, "output_tokens": 0}
    for _ in range(MAX_TURNS):
        completion = _complete(client, model, messages, tools, _schema(shape, name))
        usage = {key: usage[key] + count for key, count in _tokens(completion).items()}
        message = completion.choices[0].message
        said = message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}, warnings=False)
        messages.append(cast("ChatCompletionAssistantMessageParam", said))
        if message.tool_calls:
            messages += _results(message, tools)
            continue
        try:
            return Reply(shape.model_validate_json(_text(message)), completion.model, usage)
        except ValidationError as error:
            if refused == RETRIES:
                raise NoAnswer(f"{completion.model} gave no valid answer: {describe_errors(error)}.") from error
            refused += 1
            again = f"That answer is not valid: {describe_errors(error)}. Answer again."
            messages.append({"role": "user", "content": again})
    raise NoAnswer(f"{model} gave no answer in {MAX_TURNS} turns")


def describe_errors(error: ValidationError) -> str:
    """What is wrong in which field, in one line."""
    problems = (f"{'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in error.errors())
    return "; ".join(problems)


def _complete(
    client: "OpenAI",
    model: str,
    messages: list["ChatCompletionMessageParam"],
    tools: Tools,
    schema: "ResponseFormatJSONSchema",
) -> "ChatCompletion":
    import mlflow
    from mlflow.tracing.constant import SpanAttributeKey

    with mlflow.start_span("chat", span_type="CHAT_MODEL") as span:
        span.set_inputs({"model": model, "messages": messages})
        completion = _checked(
            client.chat.completions.create(
                model=model, messages=messages, tools=tools.specs(), response_format=schema, temperature=0.0
            )
        )
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


def _schema(shape: type[BaseModel], name: str) -> "ResponseFormatJSONSchema":
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": shape.model_json_schema()},
    }


def _tokens(completion: "ChatCompletion") -> dict[str, int]:
    used = completion.usage
    return {"input_tokens": used.prompt_tokens if used else 0, "output_tokens": used.completion_tokens if used else 0}
