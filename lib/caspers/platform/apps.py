"""The Refund Manager as a Databricks App: find and update it, grant it access, call its API."""

from typing import TYPE_CHECKING, Any

import httpx
from databricks.sdk.service.apps import App, ComputeState
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from caspers.platform import grants, lakebase
from caspers.platform.client import required
from caspers.platform.waiting import timed_out

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

NAME = "refund-manager"
_RESPONSES = "complaints.complaint_responses"
_EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:databricks:params:oauth:token-type:personal-access-token",
    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "scope": "all-apis",
}


def find(ws: "Workbook", name: str) -> App | None:
    """The app `name`, or None if there is none."""
    return lakebase.find(ws.w.apps.get, name)


def bring_up_to_date(ws: "Workbook", wanted: App) -> App:
    """Give the existing app `wanted.name` the resources of `wanted`; returns it with its compute active.

    Also if it has them already: whoever made it may have been killed before it got the permissions that they name.
    """
    ws.w.apps.update(wanted.name, wanted)
    found = ws.w.apps.get(wanted.name)
    if not found.compute_status or found.compute_status.state != ComputeState.ACTIVE:
        ws.w.apps.start_and_wait(wanted.name)
    return ws.w.apps.get(wanted.name)


def open_complaints(ws: "Workbook", app: App | None) -> bool:
    """Give the app access to the complaint agent's responses and to a schema of its own in their database.

    Can be repeated. Returns False, and does nothing, while the app or the synced table of responses does not exist:
    both notebooks that make one of the two call this.
    """
    if app is None or not lakebase.online(ws, f"{ws.catalog}complaintmanager.{_RESPONSES}"):
        return False
    principal = required(app.service_principal_client_id, "service principal of the app")
    grants.let_into_database(
        ws, principal, lakebase.project_id(ws.catalog, "complaintmanager"), "caspers_complaints", _RESPONSES
    )
    grants.let_read(ws, principal, ["complaints.raw_complaints"])
    return True


def client(ws: "Workbook", app: App) -> httpx.Client:
    """An HTTP client of a running app, signed in as you for an hour.

    Raises httpx.HTTPStatusError if the platform gives you no token for the app.
    """
    headers = {"Authorization": f"Bearer {_access_token(ws, app)}"}
    return httpx.Client(base_url=required(app.url, "URL of the app"), headers=headers, timeout=60)


def _access_token(ws: "Workbook", app: App) -> str:
    """An OAuth token that opens the app: apps accept neither a personal access token nor a notebook's own credential.

    Either of the two is exchanged for a token of yours whose audience is the app.
    """
    config = ws.w.config
    try:
        return config.oauth_token().access_token
    except ValueError:  # how the SDK says that you are not signed in by OAuth
        form = _EXCHANGE | {
            "subject_token": config.authenticate()["Authorization"].removeprefix("Bearer "),
            "audience": required(app.oauth2_app_client_id, "OAuth client of the app"),
        }
        answer = httpx.post(f"{config.host}/oidc/v1/token", data=form, timeout=60).raise_for_status()
        return str(answer.json()["access_token"])


def await_healthy(http: httpx.Client, timeout: float = 120) -> dict[str, Any]:
    """The app's health report, once it reaches its database. Raises httpx.HTTPError after `timeout` seconds."""
    for attempt in Retrying(
        retry=retry_if_exception_type(httpx.HTTPError),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(timeout),
        reraise=True,
    ):
        with attempt:
            health: dict[str, Any] = http.get("/api/health").raise_for_status().json()
            return health
    raise AssertionError("unreachable: Retrying returns or raises")


def await_status(http: httpx.Client, path: str, status: int, timeout: float = 120) -> httpx.Response:
    """The app's answer to `GET path` once it has this HTTP status. Raises TimeoutError after `timeout` seconds."""
    return Retrying(
        retry=retry_if_result(lambda answer: answer.status_code != status),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(timeout),
        retry_error_callback=timed_out(f"{path} does not answer {status}"),
    )(http.get, path)


def decide(http: httpx.Client, order_id: str, decision: str, **more: str) -> tuple[int, dict[str, Any]]:
    """Save a decision; returns the HTTP status and the valid decision: this one (201), or an earlier one (409).

    Raises httpx.HTTPStatusError for any other answer.
    """
    answer = http.post("/api/refunds", json={"order_id": order_id, "decision": decision, **more})
    if answer.status_code == 409:
        return 409, answer.json()["decision"]
    return answer.raise_for_status().status_code, answer.json()
