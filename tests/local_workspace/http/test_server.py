import httpx
from databricks.sdk import WorkspaceClient

from local_workspace.http.server import workspace_id


def test_the_sdk_finds_the_workspaces_id(workspace):
    w = WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])
    assert w.get_workspace_id() == workspace_id(workspace["DATABRICKS_TOKEN"])


def test_refusals_have_the_workspaces_id_and_an_id_of_their_own_too(workspace):
    refused = [httpx.get(f"{workspace['DATABRICKS_HOST']}/api/2.0/{path}") for path in ("clusters/list", "nothing")]
    assert {answer.status_code for answer in refused} == {401}
    assert {answer.headers["x-databricks-org-id"] for answer in refused} == {
        str(workspace_id(workspace["DATABRICKS_TOKEN"]))
    }
    assert len({answer.headers["x-request-id"] for answer in refused}) == 2


def test_an_id_is_positive_and_fits_into_a_number_of_javascript():
    ids = {workspace_id(f"token {number}") for number in range(1000)}
    assert len(ids) == 1000 and min(ids) > 0 and max(ids) < 2**53
