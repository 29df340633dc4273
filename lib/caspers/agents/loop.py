"""One conversation with a chat-completions model: tools until it knows enough, then an answer of a given shape."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from caspers.agents.tools import Tools

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

ASK_AGAIN = 2
MAX_TURNS = 8


class NoAnswer(Exception):
    """The model gave no answer of the right shape; the message says what was wrong last."""


@dataclass
class Reply[T: BaseModel]:
    """A valid answer, the name of the model that gave it, and the words it took."""

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
        _add(usage, completion)
        message = completion.choices[0].message
        messages.append(message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}))
        if message.tool_calls:
            messages += [_result(call, tools) for call in message.tool_calls]
            continue
        try:
            return Reply(shape.model_validate_json(message.content or ""), completion.model, usage)
        except ValidationError as error:
            if refused == ASK_AGAIN:
                raise NoAnswer(f"{completion.model} gave no valid answer: {_told(error)}") from error
            refused += 1
            messages.append({"role": "user", "content": f"That answer is not valid: {_told(error)} Answer again."})
    raise NoAnswer(f"{model} gave no answer in {MAX_TURNS} turns")


def _complete(client: "OpenAI", model: str, messages: list[dict], tools: Tools, schema: dict) -> "ChatCompletion":
    import mlflow

    with mlflow.start_span("chat", span_type="CHAT_MODEL") as span:
        span.set_inputs({"model": model, "messages": messages})
        completion = client.chat.completions.create(
            model=model, messages=messages, tools=tools.specs(), response_format=schema, temperature=0.0
        )
        span.set_outputs(completion.model_dump(exclude_none=True))
    return completion


def _result(call: object, tools: Tools) -> dict:
    import mlflow

    with mlflow.start_span(call.function.name, span_type="TOOL") as span:
        span.set_inputs(call.function.arguments)
        content = tools.answer(call.function.name, call.function.arguments)
        span.set_outputs(content)
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def _schema(shape: type[BaseModel], name: str) -> dict:
    schema = {"name": name, "strict": True, "schema": shape.model_json_schema()}
    return {"type": "json_schema", "json_schema": schema}


def _add(usage: dict[str, int], completion: "ChatCompletion") -> None:
    if completion.usage:
        usage["input_tokens"] += completion.usage.prompt_tokens
        usage["output_tokens"] += completion.usage.completion_tokens


def _told(error: ValidationError) -> str:
    problems = (f"{'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in error.errors())
    return "; ".join(problems) + "."
