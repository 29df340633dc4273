import pytest
from databricks.sdk import WorkspaceClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_server import Served
from refund_manager.services.platform import Platform
from refund_manager.settings import Settings

SYNCED = {"name": "synced_tables/kitchens", "status": {"detailed_state": "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE"}}


@pytest.mark.parametrize(("status", "code"), [(404, "NOT_FOUND"), (403, "PERMISSION_DENIED")])
def test_the_sync_is_known_where_there_are_no_complaints_or_none_that_the_app_may_see(status: int, code: str) -> None:
    def endpoint(_: Request) -> JSONResponse:
        return JSONResponse({"error_code": code, "message": "no"}, status)

    def synced_table(_: Request) -> JSONResponse:
        return JSONResponse(SYNCED)

    routes = [
        Route("/api/2.0/postgres/projects/{rest:path}", endpoint),
        Route("/api/2.0/postgres/synced_tables/{rest:path}", synced_table),
    ]
    with Served(Starlette(routes=routes)) as host:
        workspace = WorkspaceClient(host=host, token="a-token")
        platform = Platform(workspace, None, Settings("projects/p/branches/b/endpoints/e", "w", "kitchens"), None)
        platform.refresh()
    assert platform.complaints is None
    assert platform.sync.state == "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE"
