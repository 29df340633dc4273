"""Asking an agent's endpoint about many things, openly falling back when it is not there."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from openai import OpenAI

    from caspers.connect import Workbook

AT_ONCE = 4
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
    if reason := not_ready(ws, endpoint):
        return [], reason
    asking = client(ws.w)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask") as pool:
        asked = list(pool.map(lambda order_id: ask(asking, endpoint, {"order_id": order_id}), order_ids))
    answers = [answer for answer, _ in asked if answer]
    reasons = [reason for _, reason in asked if reason]
    return answers, f"{len(reasons)} orders fell back: {reasons[0]}" if reasons else None


def ask(asking: "OpenAI", endpoint: str, custom_inputs: dict) -> tuple[dict | None, str | None]:
    """The agent's answer for these inputs, or None and the reason."""
    from openai import OpenAIError

    turn = {"role": "user", "content": f"Decide about {json.dumps(custom_inputs)}."}
    try:
        response = asking.responses.create(
            model=endpoint, input=[turn], extra_body={"custom_inputs": custom_inputs}
        )
    except OpenAIError as error:
        return None, str(error)
    outputs = response.custom_outputs
    if outputs["source"] != "agent":
        return None, outputs["note"] or outputs["status"]
    return {**custom_inputs, "response": response.output_text, "model": outputs["model"]}, None
