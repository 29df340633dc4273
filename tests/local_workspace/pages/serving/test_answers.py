"""An endpoint's answer as its page shows it."""

import json

from local_workspace.pages.serving.answers import Step, read


def test_a_response_with_calls_of_tools_is_shown_step_by_step():
    answer = read(
        200,
        1.5,
        json.dumps(
            {
                "output": [
                    {"type": "function_call", "call_id": "1", "name": "get_order", "arguments": '{"id":"A"}'},
                    {"type": "function_call_output", "call_id": "1", "output": "late"},
                    {"type": "message", "content": [{"type": "output_text", "text": '{"refund_usd":2}'}]},
                ],
                "custom_outputs": {"source": "agent"},
            }
        ).encode(),
    )
    assert answer.steps == [Step("get_order", "TOOL", '{\n  "id": "A"\n}', "late")]
    assert answer.texts == ['{\n  "refund_usd": 2\n}']
    assert json.loads(answer.extra) == {"source": "agent"}


def span(name: str, span_id: str, parent: str | None, began: int, ended: int, **attributes: str) -> dict[str, object]:
    return {
        "name": name,
        "span_id": span_id,
        "parent_span_id": parent,
        "start_time_unix_nano": began,
        "end_time_unix_nano": ended,
        "status": {"code": attributes.pop("status", "STATUS_CODE_OK")},
        "attributes": {f"mlflow.{key}": json.dumps(value) for key, value in attributes.items()},
    }


def test_a_trace_is_shown_as_steps_within_steps_without_its_root():
    spans = [
        span("look up", "c", "b", 2_000_000, 5_000_000, spanType="TOOL", spanInputs="A", status="STATUS_CODE_ERROR"),
        span("predict", "a", None, 0, 9_000_000),
        span("decide", "b", "a", 1_000_000, 8_000_000, spanType="AGENT"),
    ]
    trace = {"info": {"trace_id": "tr-1"}, "data": {"spans": spans}}
    answer = read(200, 1, json.dumps({"output": [], "databricks_output": {"trace": trace}}).encode())
    assert [(step.name, step.kind, step.depth, step.milliseconds, step.failed) for step in answer.steps] == [
        ("decide", "AGENT", 0, 7.0, False),
        ("look up", "TOOL", 1, 3.0, True),
    ]
    assert answer.trace == "tr-1"
    assert "databricks_output" not in answer.whole


def test_a_chat_completion_shows_what_is_said_and_the_calls_that_it_wants():
    call = {"function": {"name": "add", "arguments": '{"a":1}'}}
    body = {"choices": [{"message": {"content": None, "tool_calls": [call]}}, {"message": {"content": "Hello"}}]}
    answer = read(200, 1, json.dumps(body).encode())
    assert (answer.texts, [step.name for step in answer.steps]) == (["Hello"], ["add"])


def test_predictions_an_error_and_what_is_no_json_are_shown():
    assert read(200, 1, b'{"predictions": [2, 4]}').texts == ["[\n  2,\n  4\n]"]
    assert read(400, 1, b'{"error_code": "BAD_REQUEST", "message": "no x"}').error == "no x"
    assert read(502, 1, b"<html>").error == "<html>"
    assert read(200, 1, b"plain").whole == '{\n  "answer": "plain"\n}'
