"""Whatever is sent to the servers of the agents and of the stand-in, the answer is no 5xx and comes soon."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.types.responses import ResponsesAgentRequest
from pydantic.json_schema import models_json_schema

from api_fuzzing import Target, fuzz
from asgi_server import Served
from caspers.agents.complaint_agent import ComplaintAgent
from caspers.agents.inputs import ComplaintInputs, RefundInputs
from caspers.agents.refund_agent import RefundAgent
from caspers.standin.model import OfflinePolicy
from local_workspace.workers.chat_request import ChatRequest
from local_workspace.workers.model_adapters import adapt
from local_workspace.workers.model_app import build_app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("no_traces"),
    # MLflow's own types take any text for some fields, and only warn.
    pytest.mark.filterwarnings("ignore:Invalid:UserWarning"),
]

DELIVERED = {"delivery_minutes": 40.0, "location_id": 3, "delivered_ts": "2024-03-01T12:40:00.000Z"}
FACTS = {
    ("get_order_details", "AB12CD"): [{"location_id": 3, "line_usd": 20.5}],
    ("get_order_delivery_time", "AB12CD"): [DELIVERED],
    ("get_order_overview", "AB12CD"): [{"location_id": 3, "total_usd": 40.0, "items": "[]"}],
    ("get_order_timing", "AB12CD"): [DELIVERED],
    ("get_location_timings", 3): [{"p75_minutes": 30.0, "p99_minutes": 50.0}],
}
TEXT = "My order AB12CD came late"
CHAT = {"messages": [{"role": "user", "content": TEXT}]}


class RefundCall(ResponsesAgentRequest):
    """A call of the refund agent."""

    custom_inputs: RefundInputs | None = None


class ComplaintCall(ResponsesAgentRequest):
    """A call of the complaint agent."""

    custom_inputs: ComplaintInputs | None = None


def lookup(facts, values):
    return {(fact.name, value): FACTS.get((fact.name, value), []) for fact in facts for value in values}


def served(task: str, inner: Any) -> Any:
    """The HTTP face of a model as MLflow would have loaded it."""
    model = SimpleNamespace(
        metadata=SimpleNamespace(metadata={"task": task}, get_input_schema=lambda: None),
        get_raw_model=lambda: inner,
        predict=lambda body: inner.predict(None, body),
        predict_stream=lambda body: inner.predict_stream(None, body),
    )
    return build_app(adapt(model, "served"))


def document(operations: dict[str, type]) -> dict[str, Any]:
    """An OpenAPI document of POST operations, each with the class of its body."""
    schemas, definitions = models_json_schema(
        [(body, "validation") for body in operations.values()], ref_template="#/components/schemas/{model}"
    )
    paths = {
        path: {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": schemas[body, "validation"]}},
                    "required": True,
                },
                "responses": {"200": {"description": "an answer"}, "400": {"description": "a refusal"}},
            }
        }
        for path, body in operations.items()
    }
    info = {"title": "a served model", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": definitions["$defs"]}}


def whole_streams(context, answer, case) -> None:
    """A check of Schemathesis: a stream whose status was good does not end with an error."""
    assert "INTERNAL_ERROR" not in answer.text, answer.text[:300]


def is_explained(answer) -> bool:
    """Whether a refusal has an `error_code` and a sentence."""
    return bool(answer.json()["error_code"]) and " " in answer.json()["message"]


@pytest.mark.parametrize(
    ("agent", "call", "custom"),
    [
        (RefundAgent, RefundCall, {"order_ids": ["AB12CD", "ZZ99ZZ"]}),
        (ComplaintAgent, ComplaintCall, {"complaint_text": TEXT, "order_id": "AB12CD"}),
    ],
)
def test_no_request_to_an_agent_fails_or_hangs(standin, agent, call, custom):
    app = served("agent/v1/responses", agent("the-model", open_ai=standin, lookup=lookup))
    operations = {"/invocations": call, "/responses": call, "/chat/completions": ChatRequest}
    known = {"input": [{"role": "user", "content": TEXT}], "custom_inputs": custom, **CHAT}
    check(app, operations, known)


def test_no_request_to_the_standin_fails_or_hangs():
    app = served("llm/v1/chat", OfflinePolicy())
    check(app, {"/invocations": ChatRequest, "/chat/completions": ChatRequest}, CHAT)


def check(app: Callable[..., Any], operations: dict[str, type], known: dict[str, object]) -> None:
    with Served(app) as host:
        target = Target(host, {}, examples=10, known=known, explained=is_explained, conformance=[whole_streams])
        failures, called = fuzz(target, document(operations))
    assert not failures, "\n".join(failures)
    assert called == {f"POST {path}" for path in operations}
