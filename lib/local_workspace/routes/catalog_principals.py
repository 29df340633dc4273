"""Who can be granted something in Unity Catalog, and own it.

Unity Catalog knows the users, service principals and groups of the account. A workspace's own groups, `users` and
`admins`, are none of these. Sources: https://github.com/databricks/terraform-provider-databricks/issues/5413 and its
issues 1773 and 4680; the code is in the SDK's `databricks.sdk.service.apps.ErrorCode`.
"""

from fastapi import Request

from local_workspace.engines.catalog.grants import ACCOUNT_USERS
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.principals import Directory


def check_known(request: Request, name: str | None) -> None:
    """Raise ApiError 404 if Unity Catalog knows nobody of that name; None names nobody."""
    directory: Directory = request.app.state.directory
    if name is not None and name != ACCOUNT_USERS and not directory.is_known(name):
        raise ApiError(404, "PRINCIPAL_DOES_NOT_EXIST", f"Could not find principal with name {name}.")
