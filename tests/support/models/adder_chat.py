"""A chat-completions model for tests: it lets its tools add, and says what came out.

The recipe for any such model: a plain `PythonModel` without type hints on `model_input`, so that MLflow passes the
whole request through untouched, logged with MLflow's signature for chat and `metadata={"task": "llm/v1/chat"}`.
"""

import json
import re
from typing import override

import mlflow
from mlflow.pyfunc import PythonModel


class AdderChat(PythonModel):
    """Asks for one `add` per pair of numbers in the question, all at once, then answers from the results."""

    @override
    def predict(self, context, model_input, params=None):
        """A chat completion for a chat-completions request."""
        message, finish = _message(model_input)
        return {
            "id": "adder-1",
            "object": "chat.completion",
            "created": 0,
            "model": "adder",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        }

    @override
    def predict_stream(self, context, model_input, params=None):
        """The same in chunks, word by word."""
        message, finish = _message(model_input)
        for word in re.findall(r"\S+\s*", message["content"] or ""):
            yield _chunk({"role": "assistant", "content": word}, None)
        yield _chunk({}, finish)


def _message(request):
    last = request["messages"][-1]
    results = [m["content"] for m in request["messages"] if m["role"] == "tool"]
    if request.get("tools") and not results and request.get("tool_choice") != "none":
        return {"role": "assistant", "content": None, "tool_calls": _calls(last["content"])}, "tool_calls"
    form = request.get("response_format") or {}
    if form.get("type") == "json_schema":
        (field,) = form["json_schema"]["schema"]["properties"]
        return {"role": "assistant", "content": json.dumps({field: [int(r) for r in results]})}, "stop"
    return {"role": "assistant", "content": f"You said: {last['content']}"}, "stop"


def _calls(text):
    pairs = re.findall(r"(\d+) and (\d+)", text)
    return [
        {
            "id": f"call-{i}",
            "type": "function",
            "function": {"name": "add", "arguments": json.dumps({"a": int(a), "b": int(b)})},
        }
        for i, (a, b) in enumerate(pairs)
    ]


def _chunk(delta, finish):
    return {
        "id": "adder-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "adder",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


mlflow.models.set_model(AdderChat())
