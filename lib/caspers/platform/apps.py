"""The Refund Manager from outside: find it, let it in, ask it."""

from typing import TYPE_CHECKING

import httpx
from databricks.sdk.errors import NotFound
from databricks.sdk.service.apps import App
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from caspers.platform import grants, lakebase

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

NAME = "refund-manager"
_RESPONSES = "complaints.complaint_responses"


def find(ws: "Workbook", name: str) -> App | None:
    """The app `name`, or None if there is none."""
    try:
        return ws.w.apps.get(name)
    except NotFound:
        return None


def ensure(ws: "Workbook", wanted: App) -> App:
    """The app `wanted.name` with these resources, made if it isn't there, and its compute active."""
    found = find(ws, wanted.name)
    if found is None:
        return ws.w.apps.create_and_wait(wanted)
    if [resource.as_dict() for resource in found.resources or []] != [r.as_dict() for r in wanted.resources]:
        ws.w.apps.update(wanted.name, wanted)
    if found.compute_status.state.value != "ACTIVE":
        ws.w.apps.start_and_wait(wanted.name)
    return ws.w.apps.get(wanted.name)


def open_complaints(ws: "Workbook", app: App | None) -> bool:
    """Let the app read the complaint agent's responses, and keep what people decide beside them. Repeats safely.

    False while there is no app, or no synced responses: whichever is made later asks again.
    """
    if app is None or not lakebase.online(ws, f"{ws.catalog}complaintmanager.{_RESPONSES}"):
        return False
    principal = app.service_principal_client_id
    grants.let_into_database(
        ws, principal, lakebase.project_id(ws.catalog, "complaintmanager"), "caspers_complaints", _RESPONSES
    )
    grants.let_read(ws, principal, ["complaints.raw_complaints"])
    return True


def client(ws: "Workbook", app: App) -> httpx.Client:
    """An HTTP client of a running app, signed in as you."""
    return httpx.Client(base_url=app.url, headers=ws.w.config.authenticate(), timeout=60)


def await_healthy(http: httpx.Client, timeout: float = 120) -> dict:
    """What the app's health check says, once it reaches its database. Raises the last error after `timeout` s."""
    for attempt in Retrying(
        retry=retry_if_exception_type(httpx.HTTPError),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(timeout),
        reraise=True,
    ):
        with attempt:
            return http.get("/healthz").raise_for_status().json()
    raise AssertionError("unreachable: Retrying returns or raises")


def decide(http: httpx.Client, order_id: str, decision: str, **more: str) -> tuple[int, dict]:
    """Save a decision; returns the status and the decision that now holds: ours (201) or an earlier one (409).

    Raises httpx.HTTPStatusError for any other answer.
    """
    answer = http.post("/api/refunds", json={"order_id": order_id, "decision": decision, **more})
    if answer.status_code == 409:
        return 409, answer.json()["decision"]
    return answer.raise_for_status().status_code, answer.json()
