"""Asking an agent's endpoint about many things, openly falling back when it is not there."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from openai import OpenAI

    from caspers.platform.connect import Workbook

AT_ONCE = 4
A_REQUEST = 10
"""Orders asked about in one request."""
SECONDS = 120.0


def client(w: "WorkspaceClient", seconds: float = SECONDS) -> "OpenAI":
    """The OpenAI client of the workspace's serving endpoints; a call may take so many seconds."""
    return w.serving_endpoints.get_open_ai_client(timeout=seconds, max_retries=2)


def not_ready(ws: "Workbook", endpoint: str) -> str | None:
    """Why the endpoint can't be asked now, or None if it can."""
    from databricks.sdk.errors import NotFound
    from databricks.sdk.service.serving import EndpointStateReady

    try:
        state = ws.w.serving_endpoints.get(endpoint).state
    except NotFound:
        return f"endpoint {endpoint} does not exist yet"
    return None if state.ready == EndpointStateReady.READY else f"endpoint {endpoint} is not ready yet"


def ask_all(ws: "Workbook", endpoint: str, order_ids: Iterable[str]) -> tuple[list[dict], str | None]:
    """The agent's answers on these orders, and why some or all are missing (None if none is).

    An answer has order_id, response (JSON text) and model. One in which the agent fell back is left out.
    """
    asked = list(order_ids)
    answers, note = ask_several(ws, endpoint, "order_ids", asked)
    found = [{"order_id": order_id, **answer} for order_id, answer in zip(asked, answers, strict=True) if answer]
    return found, note


def ask_several(ws: "Workbook", endpoint: str, key: str, things: list) -> tuple[list[dict | None], str | None]:
    """The agent's answers on `things`, which custom_inputs calls `key`, and why some or all are missing.

    In the order of the things: the answer's response (JSON text) and model, None where the agent did not decide.
    """
    if reason := not_ready(ws, endpoint):
        return [None] * len(things), reason
    asking = client(ws.w)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask") as pool:
        batches = pool.map(lambda batch: _ask_batch(asking, endpoint, key, list(batch)), batched(things, A_REQUEST))
        asked = [each for batch in batches for each in batch]
    reasons = [reason for _, reason in asked if reason]
    note = f"{len(reasons)} of {len(asked)} fell back: {reasons[0]}" if reasons else None
    return [answer for answer, _ in asked], note


def _ask_batch(asking: "OpenAI", endpoint: str, key: str, things: list) -> list[tuple[dict | None, str | None]]:
    """One request about several things. Their answers come as they are decided: an error costs only those after it."""
    from openai import OpenAIError

    turn = {"role": "user", "content": "Decide about each of them."}
    asked: list[tuple[dict | None, str | None]] = []
    reason = "the agent's answer ended early"
    try:
        events = asking.responses.create(
            model=endpoint, input=[turn], stream=True, extra_body={"custom_inputs": {key: things}}
        )
        for event in events:
            if event.type == "response.output_item.done":
                asked.append(_answer(event.item.content[0].text, event.custom_outputs))
    except OpenAIError as error:
        reason = str(error)
    return asked + [(None, reason)] * (len(things) - len(asked))


def _answer(text: str, outputs: dict) -> tuple[dict | None, str | None]:
    """What the agent decided, or None and why it was not the agent."""
    if outputs["source"] != "agent":
        return None, outputs["note"] or outputs["status"]
    return {"response": text, "model": outputs["model"]}, None
