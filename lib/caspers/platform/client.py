"""A type for objects with an SDK client, and a check of fields that are optional in the SDK's types only."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class HasClient(Protocol):
    """Anything with a workspace client, such as the workbook that `caspers.connect` returns."""

    @property
    def w(self) -> "WorkspaceClient":
        """The Databricks SDK's client."""


def required[T](value: T | None, what: str) -> T:
    """`value`, a field that the service always fills although the SDK's type allows None.

    Raises RuntimeError, naming the field as `what`, if the service left it out.
    """
    if value is None:
        raise RuntimeError(f"The workspace's answer has no {what}.")
    return value
