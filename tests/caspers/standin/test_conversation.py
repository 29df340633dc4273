"""How the stand-in reads a chat-completions request, odd ones included."""

import json

import pytest

from caspers.standin.conversation import BadRequest, Call, Conversation, Refused, check, read, text_of

ASK = {"role": "user", "content": "Refund for AB12CD?"}
CALL = Call("get_order_details", {"order_id": "AB12CD"})


def tool(name: str) -> dict:
    return {"type": "function", "function": {"name": name}}


def called(arguments: str, answer: object, call_id: str = "c1") -> list[dict]:
    """The message of a call, and that of its result."""
    function = {"name": CALL.name, "arguments": arguments}
    return [
        {"role": "assistant", "content": None, "tool_calls": [{"id": call_id, "function": function}]},
        {"role": "tool", "tool_call_id": call_id, "content": answer},
    ]


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages"),
        ({"messages": [ASK], "n": 2}, "n"),
        ({"messages": [ASK], "logprobs": True}, "logprobs"),
    ],
)
def test_what_the_stand_in_does_not_have_is_refused_by_name(request_, param):
    with pytest.raises(BadRequest) as refused:
        check(request_)
    assert refused.value.param == param


@pytest.mark.parametrize("more", [{}, {"n": 1}, {"n": None, "logprobs": False}])
def test_what_it_has_is_taken(more):
    check({"messages": [ASK], **more})
    assert read({"messages": [ASK], **more}).text == "Refund for AB12CD?"


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, ""), ("a", "a"), ([{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}], "a  b"), ([], "")],
)
def test_text_may_come_in_parts(content, text):
    assert text_of({"role": "user", "content": content}) == text


def test_only_what_the_user_said_is_text():
    messages = [{"role": "system", "content": "Be kind."}, ASK, {"role": "assistant", "content": "Yes?"}, ASK]
    assert read({"messages": messages}).text == "Refund for AB12CD?\nRefund for AB12CD?"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, {"a", "b"}),
        ("auto", {"a", "b"}),
        ("required", {"a", "b"}),
        ("none", set()),
        (tool("b"), {"b"}),
        (tool("c"), set()),
    ],
)
def test_the_choice_of_tools_is_heeded(choice, names):
    assert read({"messages": [ASK], "tools": [tool("a"), tool("b")], "tool_choice": choice}).tools == names


def test_a_result_is_found_by_the_call_whatever_the_spacing_of_its_arguments():
    rows = [{"line_usd": 5.0}]
    found = read({"messages": [ASK, *called('{ "order_id" :"AB12CD"}', json.dumps(rows))]})
    assert found.rows(CALL) == rows
    assert found.without_result(CALL) == []


def test_a_result_of_no_call_is_passed_over():
    stray = called("{}", "[]")[1]
    assert read({"messages": [ASK, stray]}).results == {}


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "null"])
def test_arguments_that_are_no_object_are_refused(arguments):
    with pytest.raises(BadRequest, match="get_order_details are not a JSON object") as refused:
        read({"messages": [ASK, *called(arguments, "[]")]})
    assert refused.value.param == "messages"


@pytest.mark.parametrize(
    ("answer", "why"), [('{"error": "no warehouse"}', "no warehouse"), ("timed out", "timed out"), ("5", "5")]
)
def test_a_tool_that_failed_ends_the_conversation_with_its_reason(answer, why):
    with pytest.raises(Refused, match=f"The tool get_order_details failed: {why}"):
        read({"messages": [ASK, *called('{"order_id": "AB12CD"}', answer)]})


def test_calls_without_a_result_need_their_tool():
    calls = [CALL, Call("b", {"x": 1})]
    known = Conversation("", None, frozenset({"b"}), {("get_order_details", "AB12CD"): []})
    assert known.without_result(*calls) == calls[1:]
    with pytest.raises(Refused, match="I need the tool get_order_details"):
        Conversation("", None, frozenset({"b"})).without_result(*calls)


@pytest.mark.parametrize(
    ("sent", "count"), [({}, 2), ({"parallel_tool_calls": None}, 2), ({"parallel_tool_calls": False}, 1)]
)
def test_one_call_at_a_time_if_the_request_wants_so(sent, count):
    calls = [CALL, Call("b", {})]
    assert read({"messages": [ASK], **sent}).allowed(calls) == calls[:count]
