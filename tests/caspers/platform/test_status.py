"""What the services report of registered resources, also when one of them fails."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import InternalError, NotFound
from databricks.sdk.service.apps import App, ApplicationState, ApplicationStatus
from databricks.sdk.service.pipelines import GetPipelineResponse, PipelineState
from databricks.sdk.service.serving import EndpointState, EndpointStateReady, ServingEndpointDetailed

from caspers.platform.state import Resource
from caspers.platform.status import MISSING, is_missing, status
from register import RegisteredWorkbook

PIPELINE = Resource("pipeline", "p-1", "Medallion", "Pipeline")


def test_each_service_reports_its_own_word():
    app = App("manager", url="https://manager", app_status=ApplicationStatus(state=ApplicationState.RUNNING))
    endpoint = ServingEndpointDetailed(name="agent", state=EndpointState(ready=EndpointStateReady.NOT_READY))
    w = SimpleNamespace(
        config=SimpleNamespace(host="https://host"),
        pipelines=SimpleNamespace(get=lambda _: GetPipelineResponse(state=PipelineState.RUNNING)),
        apps=SimpleNamespace(get=lambda _: app),
        serving_endpoints=SimpleNamespace(get=lambda _: endpoint),
    )
    entries = status(
        RegisteredWorkbook(w, PIPELINE, Resource("app", "manager", "manager"), Resource("endpoint", "a", "agent"))
    )
    assert [(entry["type"], entry["state"], entry["url"]) for entry in entries] == [
        ("pipeline", "RUNNING", None),
        ("app", "RUNNING", "https://manager"),
        ("endpoint", "NOT_READY", "https://host/serving-endpoints/agent/invocations"),
    ]
    assert entries[0] == {"type": "pipeline", "name": "Medallion", "task": "Pipeline", "state": "RUNNING", "url": None}


def test_a_service_that_says_nothing_of_a_state_leaves_it_unknown():
    w = SimpleNamespace(apps=SimpleNamespace(get=lambda _: App("manager")))
    ws = RegisteredWorkbook(w, Resource("app", "manager", "manager"), Resource("piano", "1", "grand"))
    assert [entry["state"] for entry in status(ws)] == ["UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotFound("no such pipeline"), MISSING),
        (InternalError("the disk is full\nat line 7"), "ERROR the disk is full"),
        (KeyError(), "ERROR KeyError"),
    ],
)
def test_one_services_error_hides_no_other_state(error, state):
    w = SimpleNamespace(
        pipelines=SimpleNamespace(get=Mock(side_effect=error)), catalogs=SimpleNamespace(get=lambda name: name)
    )
    ws = RegisteredWorkbook(w, PIPELINE, Resource("catalog", "c", "c"))
    assert [entry["state"] for entry in status(ws)] == [state, "ACTIVE"]


def test_mlflows_error_for_a_missing_model_counts_too():
    error = Exception("gone")
    assert not is_missing(error)
    error.error_code = "RESOURCE_DOES_NOT_EXIST"
    assert is_missing(error)
