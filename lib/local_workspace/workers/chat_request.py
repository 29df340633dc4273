"""What a request for a chat completion must be, whichever model answers it."""

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_CHOICES = ("none", "auto", "required")
_FORMATS = ("text", "json_object", "json_schema")


class InvalidRequest(ValueError):
    """The request is no chat-completions request; `param` names the part that is wrong, as OpenAI's errors do."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def checked(body: dict) -> dict:
    """`body` if it is a chat-completions request. Raises InvalidRequest for the first thing that is wrong."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("`messages` must be a list with at least one message.", "messages")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]")
    _check_choice(body.get("tool_choice"), _tool_names(body.get("tools")))
    for name in ("n", "max_tokens", "max_completion_tokens"):
        value = body.get(name)
        if value is not None and (type(value) is not int or value < 1):
            raise InvalidRequest(f"`{name}` must be a whole number of at least 1, not {value!r}.", name)
    _check_format(body.get("response_format"))
    if body.get("stream_options") and not body.get("stream"):
        raise InvalidRequest("`stream_options` goes with `stream` only.", "stream_options")
    return body


def _check_message(message: object, where: str) -> None:
    if not isinstance(message, dict):
        raise InvalidRequest(f"`{where}` must be an object, not {message!r}.", where)
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        raise InvalidRequest(f"`{where}.role` is {role!r}; it must be one of {', '.join(_ROLES)}.", f"{where}.role")
    if role == "tool" and not message.get("tool_call_id"):
        raise InvalidRequest(f"`{where}.tool_call_id` is missing: which call does it answer?", f"{where}.tool_call_id")
    if isinstance(content, list):
        good = all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content)
    else:
        good = isinstance(content, str) or (content is None and role == "assistant")
    if not good:
        raise InvalidRequest(f"`{where}.content` must be text or a list of parts with a type.", f"{where}.content")
    for number, call in enumerate(message.get("tool_calls") or []):
        _check_call(call, f"{where}.tool_calls[{number}]")


def _check_call(call: object, where: str) -> None:
    function = call.get("function") if isinstance(call, dict) and call.get("id") else None
    if not isinstance(function, dict) or not all(isinstance(function.get(key), str) for key in ("name", "arguments")):
        raise InvalidRequest(f"`{where}` needs an id, and a function with name and arguments.", where)


def _tool_names(tools: object) -> list[str]:
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise InvalidRequest("`tools` must be a list.", "tools")
    for index, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise InvalidRequest(f"`tools[{index}]` must be of type function, with a name.", f"tools[{index}]")
    return [tool["function"]["name"] for tool in tools]


def _check_choice(choice: object, names: list[str]) -> None:
    function = choice.get("function") if isinstance(choice, dict) and choice.get("type") == "function" else None
    wanted = function.get("name") if isinstance(function, dict) else None
    if choice is None or (choice in _CHOICES if isinstance(choice, str) else wanted in names):
        return
    known = f" Its tools are: {', '.join(names)}." if names else " It offers no tools."
    raise InvalidRequest(
        f"`tool_choice` is {choice!r}; it must be {', '.join(_CHOICES)} or a function of the request.{known}",
        "tool_choice",
    )


def _check_format(form: object) -> None:
    if form is None:
        return
    kind = form.get("type") if isinstance(form, dict) else form
    if kind not in _FORMATS:
        raise InvalidRequest(
            f"`response_format.type` is {kind!r}; it must be one of {', '.join(_FORMATS)}.", "response_format.type"
        )
    schema = form.get("json_schema")
    if kind == "json_schema" and not (isinstance(schema, dict) and isinstance(schema.get("name"), str)):
        raise InvalidRequest("`response_format.json_schema` needs a name and a schema.", "response_format.json_schema")
