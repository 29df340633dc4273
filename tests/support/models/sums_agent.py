"""A ResponsesAgent for tests: has the endpoint `adder` add numbers with a tool, and returns the sums as JSON."""

import json
import os

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse
from openai import OpenAI

VERSION = "one"
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
    },
}
FORM = {
    "type": "json_schema",
    "json_schema": {
        "name": "sums",
        "schema": {"type": "object", "properties": {"sums": {"type": "array", "items": {"type": "integer"}}}},
    },
}


class SumsAgent(ResponsesAgent):
    """Runs the tool loop for questions with numbers; echoes anything else."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        """One message with the sums, or the echo."""
        text = request.input[-1].content
        answer = _answer(text)
        return ResponsesAgentResponse(
            output=[self.create_text_output_item(answer, "msg-1")], custom_outputs=request.custom_inputs
        )

    def predict_stream(self, request):
        """Word by word, then the whole."""
        text = _answer(request.input[-1].content)
        for word in text.split(" "):
            yield self.create_text_delta(word + " ", "msg-1")
        yield {"type": "response.output_item.done", "item": self.create_text_output_item(text, "msg-1")}


def _answer(text):
    if text == "fail":
        raise RuntimeError("asked to fail")
    return _sums(text) if " and " in text else f"{VERSION}: {text}"


def _sums(text):
    client = OpenAI(
        base_url=f"{os.environ['DATABRICKS_HOST']}/serving-endpoints", api_key=os.environ["DATABRICKS_TOKEN"]
    )
    messages = [{"role": "user", "content": text}]
    asked = client.chat.completions.create(model="adder", messages=messages, tools=[ADD]).choices[0].message
    messages.append(asked.model_dump(exclude_none=True))
    for call in asked.tool_calls:
        numbers = json.loads(call.function.arguments)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": str(numbers["a"] + numbers["b"])})
    said = client.chat.completions.create(model="adder", messages=messages, response_format=FORM)
    return said.choices[0].message.content


mlflow.models.set_model(SumsAgent())
