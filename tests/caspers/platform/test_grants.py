"""What an app's identity may do with a Lakebase project."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import Privilege
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from caspers.platform.grants import let_read, let_use_project, statements


def workbook(error: Exception | None = None) -> SimpleNamespace:
    """A workbook whose workspace takes permissions, or raises `error`."""
    return SimpleNamespace(w=SimpleNamespace(permissions=Mock(update=Mock(side_effect=error))))


def test_a_principal_may_use_a_project():
    ws = workbook()
    let_use_project(ws, "refunds", "app-1")
    can_use = AccessControlRequest(service_principal_name="app-1", permission_level=PermissionLevel.CAN_USE)
    ws.w.permissions.update.assert_called_once_with("database-projects", "refunds", access_control_list=[can_use])


def test_a_project_that_does_not_exist_is_one():
    with pytest.raises(NotFound, match="no such project"):
        let_use_project(workbook(NotFound("no such project", error_code="NOT_FOUND")), "refunds", "app-1")


def test_a_principal_gets_no_more_than_it_needs_in_postgres():
    assert [statement.as_string() for statement in statements("app-1", "caspers", "kitchen.orders")] == [
        'GRANT CONNECT, CREATE ON DATABASE "caspers" TO "app-1"',
        'GRANT USAGE ON SCHEMA "kitchen" TO "app-1"',
        'GRANT SELECT ON TABLE "kitchen"."orders" TO "app-1"',
    ]


def test_a_principal_gets_the_privileges_on_what_contains_a_table_too():
    ws = SimpleNamespace(catalog="caspersdev", w=SimpleNamespace(grants=Mock()))
    let_read(ws, "app-1", ["lakeflow.all_events", "ai.timings", "lakeflow.all_events"])
    calls = [call.kwargs for call in ws.w.grants.update.call_args_list]
    assert [(each["securable_type"], each["full_name"], each["changes"][0].add) for each in calls] == [
        ("catalog", "caspersdev", [Privilege.USE_CATALOG]),
        ("schema", "caspersdev.ai", [Privilege.USE_SCHEMA]),
        ("schema", "caspersdev.lakeflow", [Privilege.USE_SCHEMA]),
        ("table", "caspersdev.ai.timings", [Privilege.SELECT]),
        ("table", "caspersdev.lakeflow.all_events", [Privilege.SELECT]),
    ]
    assert {each["changes"][0].principal for each in calls} == {"app-1"}
