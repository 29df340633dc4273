import json

import pytest

from local_workspace.engines.serving import Card
from local_workspace.pages.serving.requests import form_for, parsed, saying, with_trace
from local_workspace.runtime.errors import ApiError

AGENT = Card("agent/v1/responses", {"input": [{"role": "user", "content": "Late!"}], "custom_inputs": {"a": 1}})
CHAT = Card("llm/v1/chat", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]})
ROWS = Card("", {"dataframe_records": [{"x": 1}]})


def test_the_form_is_filled_with_the_models_own_example():
    assert (form_for(AGENT).message, form_for(CHAT).message, form_for(ROWS).message) == ("Late!", "Hi", None)
    assert json.loads(form_for(ROWS).body) == ROWS.example


def test_a_message_takes_the_place_of_the_examples():
    assert saying(AGENT, "Cold!") == {"input": [{"role": "user", "content": "Cold!"}], "custom_inputs": {"a": 1}}
    for card, message, why in ((ROWS, "Cold!", "takes no messages"), (CHAT, " ", "Type a message")):
        with pytest.raises(ApiError, match=why):
            saying(card, message)


def test_only_an_agent_is_asked_for_the_trace():
    assert with_trace(AGENT, {"input": []}) == {"databricks_options": {"return_trace": True}, "input": []}
    assert with_trace(CHAT, {"messages": []}) == {"messages": []}


@pytest.mark.parametrize(("text", "why"), [("{", "not JSON"), ("[1]", "JSON object"), ("[" * 100_000, "not JSON")])
def test_what_is_no_json_object_is_refused(text, why):
    with pytest.raises(ApiError, match=why):
        parsed(text)
