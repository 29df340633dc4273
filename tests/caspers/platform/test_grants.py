"""What an app's identity may do with a Lakebase project."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from caspers.platform.grants import let_use_project


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
