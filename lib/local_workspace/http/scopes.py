"""Which scopes a token needs that an app has of its caller.

Databricks lets an app act as its caller within the app's `user_api_scopes` only
(https://docs.databricks.com/aws/en/dev-tools/databricks-apps/auth). The pages of its API reference name each call's
scope; here a scope, or any part of it such as `sql.warehouses`, opens all calls of its service.
"""

from collections.abc import Collection

_READS = ("GET", "HEAD")
# The beginning of a path, the scope that a refusal names, and the scopes that open it.
_SERVICES = (
    ("/api/2.0/sql/", "sql", ("sql",)),
    ("/api/2.0/fs/", "files", ("files",)),
    ("/api/2.1/unity-catalog/", "unity-catalog", ("unity-catalog", "catalog")),
    ("/api/2.0/serving-endpoints", "model-serving", ("model-serving", "serving")),
    ("/serving-endpoints/", "model-serving", ("model-serving", "serving")),
    ("/api/2.0/preview/scim/v2/Me", "scim", ("scim", "iam.current-user")),
    ("/api/2.0/permissions/", "access-management", ("access-management", "iam.access-control")),
    ("/api/2.0/mlflow", "mlflow", ("mlflow",)),
    ("/api/3.0/mlflow", "mlflow", ("mlflow",)),
    ("/api/2.2/jobs/", "jobs", ("jobs",)),
    ("/api/2.0/pipelines", "pipelines", ("pipelines",)),
    ("/api/2.0/postgres/", "postgres", ("postgres",)),
    ("/api/2.0/secrets/", "secrets", ("secrets",)),
    ("/api/2.0/workspace", "workspace", ("workspace",)),
    ("/api/2.0/apps", "apps", ("apps",)),
)
ALL = "all-apis"


def missing(method: str, path: str, scopes: Collection[str]) -> str | None:
    """The scope that a request needs and `scopes` don't have; None if they have it."""
    named, opening = next(
        ((named, opening) for start, named, opening in _SERVICES if path.startswith(start)), (ALL, (ALL,))
    )
    return None if any(_opens(scope, opening, method) for scope in {*scopes}) else named


def _opens(scope: str, opening: Collection[str], method: str) -> bool:
    service, _, access = scope.partition(":")
    is_of_it = service == ALL or any(f"{service}.".startswith(f"{name}.") for name in opening)
    return is_of_it and (access != "read" or method in _READS)
