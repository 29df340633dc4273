"""The validation of chat-completions requests, common to all models."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mlflow.types.chat import BaseRequestPayload, ChatMessage, ChatTool, FunctionToolDefinition, ToolChoice
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from local_workspace.runtime import structured_outputs

_CHOICES = ("none", "auto", "required")


class InvalidRequest(ValueError):
    """The request is invalid; `param` names the invalid part, as in OpenAI's errors."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class Message(ChatMessage):
    """A message of one of the known roles."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]


class ToolFunction(FunctionToolDefinition):
    """A function with any JSON Schema for its parameters; MLflow's own definition covers only a part of JSON Schema."""

    parameters: Any = None


class Tool(ChatTool):
    """A tool, which is always a function."""

    function: ToolFunction


class ChatRequest(BaseRequestPayload):
    """A chat-completions request, with the fields of MLflow's definition."""

    messages: list[Message]
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None


def check(body: Mapping[str, Any]) -> None:
    """Raise InvalidRequest with the first problem of `body` as a chat-completions request."""
    try:
        request = ChatRequest.model_validate(_normalized(body), strict=True)
    except ValidationError as error:
        raise invalid_request(error, body) from None
    if not request.messages:
        raise InvalidRequest("`messages` must be a list with at least one message.", "messages")
    for index, message in enumerate(request.messages):
        _check_message(message, f"messages[{index}]")
    _check_choice(request.tool_choice, [tool.function.name for tool in request.tools or []])
    form = request.response_format
    if form and form.type == "json_schema" and form.json_schema is None:
        raise InvalidRequest("`response_format.json_schema` needs a name and a schema.", "response_format.json_schema")
    try:
        structured_outputs.check(body)
    except structured_outputs.RefusedForm as refused:
        raise InvalidRequest(str(refused), refused.param) from None
    if request.stream_options and not request.stream:
        raise InvalidRequest("`stream_options` goes with `stream` only.", "stream_options")


def invalid_request(error: ValidationError, body: object) -> InvalidRequest:
    """The first problem that pydantic found in `body`, as an error that names the part."""
    found = [(_param(problem, body), problem) for problem in error.errors(include_url=False)]
    # Every member of a union reports errors. A failed check of values, or else the deepest error, is of the likely one.
    inside_first = [each for each in found if each[0].startswith(found[0][0])]
    param, problem = max(inside_first, key=lambda each: (each[1]["type"] == "value_error", len(each[0])))
    return InvalidRequest(f"`{param or 'request'}` {_reason(problem)}.", param or None)


def _reason(problem: ErrorDetails) -> str:
    sent = reprlib.repr(problem["input"])
    match problem["type"]:
        case "missing":
            return "is missing"
        case "greater_than_equal":
            return f"must be at least {problem['ctx']['ge']}, not {sent}"
        case "literal_error":
            expected = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return f"must be one of {expected}, not {sent}"
    return f"{problem['msg'].replace('Input should', 'must').rstrip('.')}, not {sent}"


def _normalized(body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` without nulls, which stand for defaults, and with a single `stop` as a list."""
    given = {key: value for key, value in body.items() if value is not None}
    return given | {"stop": [given["stop"]]} if isinstance(given.get("stop"), str) else given


def _param(problem: ErrorDetails, body: object) -> str:
    """Where a problem is, such as `messages[0].role`: its location without the names of a union's members."""
    path, value = "", body
    for number, part in enumerate(problem["loc"], 1):
        if isinstance(value, Mapping) and part in value:
            path, value = f"{path}.{part}", value[part]
        elif isinstance(value, Sequence) and not isinstance(value, str) and isinstance(part, int):
            path, value = f"{path}[{part}]", value[part]
        elif problem["type"] == "missing" and number == len(problem["loc"]):
            path = f"{path}.{part}"
    return path.removeprefix(".")


def _check_message(message: Message, where: str) -> None:
    if message.role == "tool" and not message.tool_call_id:
        raise InvalidRequest(f"`{where}.tool_call_id` is missing: which call does it answer?", f"{where}.tool_call_id")
    if message.content is None and message.role != "assistant":
        raise InvalidRequest(f"`{where}.content` must be text or a list of parts.", f"{where}.content")
    for number, call in enumerate(message.tool_calls or []):
        if not call.id or call.function.name is None or call.function.arguments is None:
            place = f"{where}.tool_calls[{number}]"
            raise InvalidRequest(f"`{place}` needs an id, and a function with name and arguments.", place)


def _check_choice(choice: str | ToolChoice | None, names: list[str]) -> None:
    if not isinstance(choice, ToolChoice) or choice.function.name in names:
        return
    known = f"Its tools are: {', '.join(names)}." if names else "It offers no tools."
    raise InvalidRequest(
        f"`tool_choice` must be {', '.join(_CHOICES)} or a function of the request, not {choice.function.name!r}. "
        f"{known}",
        "tool_choice",
    )
