"""Passwords for Postgres, valid for an hour."""

from collections.abc import Callable

from databricks.sdk import WorkspaceClient

from refund_manager.domain.errors import Unavailable


def password_of(workspace: WorkspaceClient, endpoint: str) -> Callable[[], str]:
    """A function that returns a fresh password for a Lakebase endpoint, or raises Unavailable."""

    def password() -> str:
        token = workspace.postgres.generate_database_credential(endpoint=endpoint).token
        if not token:
            raise Unavailable(f"The platform returned no password for {endpoint}.")
        return token

    return password
