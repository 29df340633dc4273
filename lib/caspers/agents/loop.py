"""One conversation with a chat-completions model: tools until it knows enough, then an answer of a given shape."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from caspers.agents.tools import Tools

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion, ChatCompletionMessage, ChatCompletionMessageFunctionToolCall

ASK_AGAIN = 2
MAX_TURNS = 8


class NoAnswer(Exception):
    """The model gave no answer of the right shape; the message says what was wrong last."""


@dataclass
class Reply[T: BaseModel]:
    """A valid answer, the name of the model that gave it, and the tokens it took."""

    answer: T
    model: str
    usage: dict[str, int] = field(default_factory=dict)


def converse[T: BaseModel](
    client: "OpenAI", model: str, messages: list[dict], tools: Tools, shape: type[T], name: str
) -> Reply[T]:
    """Talk to `model` until it answers as `shape`, a schema that the request calls `name`.

    Its calls of tools are answered; an answer of another shape is sent back with the error, twice at most.
    Raises NoAnswer, or openai.OpenAIError when the model can't be reached.
    """
    messages, refused, usage = list(messages), 0, {"input_tokens": 0, "output_tokens": 0}
    for _ in range(MAX_TURNS):
        completion = _complete(client, model, messages, tools, _schema(shape, name))
        usage = {key: usage[key] + count for key, count in _tokens(completion).items()}
        message = completion.choices[0].message
        messages.append(message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
        if message.tool_calls:
            messages += [_result(call, tools) for call in message.tool_calls]
            continue
        try:
            return Reply(shape.model_validate_json(_text(message)), completion.model, usage)
        except ValidationError as error:
            if refused == ASK_AGAIN:
                raise NoAnswer(f"{completion.model} gave no valid answer: {told(error)}.") from error
            refused += 1
            messages.append({"role": "user", "content": f"That answer is not valid: {told(error)}. Answer again."})
    raise NoAnswer(f"{model} gave no answer in {MAX_TURNS} turns")


def told(error: ValidationError) -> str:
    """What was wrong, by field."""
    problems = (f"{'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in error.errors())
    return "; ".join(problems)


def _complete(client: "OpenAI", model: str, messages: list[dict], tools: Tools, schema: dict) -> "ChatCompletion":
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
        span.set_outputs(completion.model_dump(exclude_none=True))
    return completion


def _checked(completion: "ChatCompletion") -> "ChatCompletion":
    """What the client returned, if it is a completion: whatever a server sends, the client takes it for one."""
    if getattr(completion, "choices", None) and completion.choices[0].message:
        return completion
    raise NoAnswer(f"the model's server sent no chat completion but {str(completion)[:200]!r}")


def _result(call: "ChatCompletionMessageFunctionToolCall", tools: Tools) -> dict:
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


def _schema(shape: type[BaseModel], name: str) -> dict:
    schema = {"name": name, "strict": True, "schema": shape.model_json_schema()}
    return {"type": "json_schema", "json_schema": schema}


def _tokens(completion: "ChatCompletion") -> dict[str, int]:
    used = completion.usage
    return {"input_tokens": used.prompt_tokens if used else 0, "output_tokens": used.completion_tokens if used else 0}
