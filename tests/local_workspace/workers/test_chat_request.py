import pytest

from local_workspace.workers.chat_request import InvalidRequest, check

TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "sums", "schema": {}, "strict": True}}

LITERAL = {"type": "object", "properties": {"pattern": {"enum": ["a", "b"], "type": "string"}}}


def request(**more: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": "hi"}], **more}


@pytest.mark.parametrize(
    "body",
    [
        request(n=None, max_tokens=1, temperature=0, stop="end", unknown=1),
        request(stream=True, stream_options={"include_usage": True}, response_format=SCHEMA),
        request(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "add"}}),
        request(tools=[TOOL], tool_choice="required"),
        {
            "messages": [
                {"role": "developer", "content": [{"type": "text", "text": "add"}]},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "content": "3", "tool_call_id": "1"},
            ]
        },
        # What pydantic makes of a Literal and of a property that is called as a keyword is.
        request(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": LITERAL}}),
    ],
)
def test_a_good_request_passes_and_stays_as_it_came(body):
    before = repr(body)
    check(body)
    assert repr(body) == before


PLACE = "response_format.json_schema.schema"


def form(schema: dict[str, object], **more: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "sums", "schema": schema, **more}}


def message(**fields: object) -> dict[str, object]:
    return {"messages": [fields]}


@pytest.mark.parametrize(
    ("body", "param", "text"),
    [
        ({}, "messages", "is missing"),
        (request(messages=None), "messages", "is missing"),
        (request(messages="x"), "messages", "must be a valid list"),
        (request(messages=[]), "messages", "at least one message"),
        (request(messages=["x"]), "messages[0]", "not 'x'"),
        (message(content="x"), "messages[0].role", "is missing"),
        (message(role="nobody", content="x"), "messages[0].role", "developer, system, user, .*'nobody'"),
        (message(role="user"), "messages[0].content", "must be text"),
        (message(role="user", content=5), "messages[0].content", "must be"),
        (message(role="user", content=[{"text": "x"}]), "messages[0].content[0]", "discriminator"),
        (message(role="user", content=[{"type": "text"}]), "messages[0].content[0].text", "is missing"),
        (message(role="tool", content="x"), "messages[0].tool_call_id", "which call"),
        (
            message(role="assistant", tool_calls=[{"id": "1", "function": {"name": "f"}}]),
            "messages[0].tool_calls[0]",
            "name and arguments",
        ),
        (message(role="assistant", tool_calls="x"), "messages[0].tool_calls", "list"),
        (request(n=0), "n", "at least 1, not 0"),
        (request(n="1"), "n", "valid integer"),
        (request(n=True), "n", "valid integer"),
        (request(max_tokens=0), "max_tokens", "at least 1"),
        (request(max_completion_tokens=-1), "max_completion_tokens", "at least 1"),
        (request(stream="yes"), "stream", "valid boolean"),
        (request(stream_options={"include_usage": True}), "stream_options", "with `stream` only"),
        (request(stream_options="x", stream=True), "stream_options", "dictionary"),
        (request(tools="x"), "tools", "list"),
        (request(tools=[{"type": "function"}]), "tools[0].function", "is missing"),
        (request(tools=[{"type": "retrieval", "function": {"name": "x"}}]), "tools[0].type", "function"),
        (request(tool_choice="sometimes"), "tool_choice", "none, auto, required, not 'sometimes'"),
        (request(tool_choice={"type": "function"}), "tool_choice.function", "is missing"),
        (
            request(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "subtract"}}),
            "tool_choice",
            "'subtract'.*tools are: add",
        ),
        (request(tool_choice={"type": "function", "function": {"name": "add"}}), "tool_choice", "no tools"),
        (request(response_format="text"), "response_format", "'text'"),
        (request(response_format={"type": "poem"}), "response_format.type", "text, json_object, json_schema"),
        (request(response_format={"type": "json_schema"}), "response_format.json_schema", "name and a schema"),
        (request(tools=[TOOL], response_format=form({}, strict=True)), "response_format", "without tools"),
        (request(response_format=form({"$ref": "#/$defs/a", "$defs": {"a": {}}})), PLACE, r"\$defs, \$ref"),
        (request(response_format=form({"properties": {"a": {"items": {"anyOf": []}}}})), PLACE, "anyOf"),
        (request(response_format=form({"properties": {f"k{n}": {} for n in range(65)}})), PLACE, "64 keys"),
    ],
)
def test_the_part_that_is_wrong_is_named(body, param, text):
    with pytest.raises(InvalidRequest, match=text) as error:
        check(body)
    assert error.value.param == param
