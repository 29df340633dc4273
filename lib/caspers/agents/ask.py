"""Calling an agent's endpoint about many orders, and reporting why it could not decide on some of them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from openai import OpenAI

    from caspers.platform.connect import Workbook

MAX_REQUESTS = 4
BATCH_SIZE = 10
"""Orders per request."""
TIMEOUT_SECONDS = 120.0


class Answer(TypedDict):
    """What the agent decided (JSON text), and the model that decided."""

    response: str
    model: str


class OrderAnswer(Answer):
    """An answer and the order that it is about."""

    order_id: str


type _Outcome = tuple[Answer | None, str | None]
"""An answer, or why there is none."""


def client(w: "WorkspaceClient", seconds: float = TIMEOUT_SECONDS) -> "OpenAI":
    """The OpenAI client of the workspace's serving endpoints; a call times out after `seconds`.

    Each request is signed in by the SDK, whose tokens expire.
    """
    # The package databricks-openai has a class for this. Measured with 0.18: it brings 36 more packages,
    # databricks-connect with gRPC and two agent frameworks among them, holds openai below 3, and adds 1.8 s of
    # processor time to the 4.3 s of imports with which an agent's endpoint starts.
    from openai import OpenAI

    def token() -> str:
        return w.config.authenticate()["Authorization"].removeprefix("Bearer ")

    return OpenAI(base_url=f"{w.config.host}/serving-endpoints", api_key=token, timeout=seconds, max_retries=2)


def not_ready(ws: "Workbook", endpoint: str) -> str | None:
    """Why the endpoint can't be called now, or None if it can."""
    from databricks.sdk.errors import NotFound
    from databricks.sdk.service.serving import EndpointStateReady

    try:
        state = ws.w.serving_endpoints.get(endpoint).state
    except NotFound:
        return f"endpoint {endpoint} does not exist yet"
    return None if state and state.ready == EndpointStateReady.READY else f"endpoint {endpoint} is not ready yet"


def ask_all(ws: "Workbook", endpoint: str, order_ids: Iterable[str]) -> tuple[list[OrderAnswer], str | None]:
    """The agent's answers on these orders, and why some or all are missing (None if none is).

    An order on which the agent fell back has no answer.
    """
    ids = list(order_ids)
    answers, note = ask_several(ws, endpoint, "order_ids", ids)
    return [{"order_id": order_id, **answer} for order_id, answer in zip(ids, answers, strict=True) if answer], note


def ask_several(
    ws: "Workbook", endpoint: str, key: str, things: Sequence[object]
) -> tuple[list[Answer | None], str | None]:
    """The agent's answers on `things`, which `custom_inputs` calls `key`, and why some or all are missing.

    The answers are in the order of the things, None where the agent did not decide.
    """
    if reason := not_ready(ws, endpoint):
        return [None] * len(things), reason
    open_ai = client(ws.w)
    with ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="ask") as pool:
        batches = pool.map(lambda batch: ask_batch(open_ai, endpoint, key, list(batch)), batched(things, BATCH_SIZE))
        outcomes = [each for batch in batches for each in batch]
    reasons = [reason for _, reason in outcomes if reason]
    note = f"{len(reasons)} of {len(outcomes)} fell back: {reasons[0]}" if reasons else None
    return [answer for answer, _ in outcomes], note


def ask_batch(open_ai: "OpenAI", endpoint: str, key: str, things: list[object]) -> list[_Outcome]:
    """One request about several things. Answers arrive as they are decided: an error costs only those after it."""
    from openai import OpenAIError

    outcomes: list[_Outcome] = []
    reason = "the agent's answer ended early"
    try:
        events = open_ai.responses.create(
            model=endpoint,
            input=[{"role": "user", "content": "Decide about each of them."}],
            stream=True,
            extra_body={"custom_inputs": {key: things}},
        )
        for event in events:
            if event.type == "response.output_item.done":
                sent = event.model_dump(warnings=False)
                outcomes.append(_outcome(sent["item"]["content"][0]["text"], sent["custom_outputs"]))
    except OpenAIError as error:
        reason = str(error)
    return outcomes + [(None, reason)] * (len(things) - len(outcomes))


def _outcome(text: str, outputs: dict[str, Any]) -> _Outcome:
    """The agent's answer, or None and why the agent did not decide."""
    if outputs["source"] != "agent":
        return None, outputs["note"] or outputs["status"]
    return {"response": text, "model": outputs["model"]}, None
