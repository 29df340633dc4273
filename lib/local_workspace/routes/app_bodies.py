"""The bodies of Apps requests. Kinds of resources that are not known are kept as they came."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from local_workspace.http.bodies import Body, Name, PathText, Refused, StrictBody, Text
from local_workspace.runtime.permissions import Grant, check_principals
from local_workspace.runtime.principals import Directory


class Postgres(Body):
    """A Lakebase database: the path of its branch, and its own path or name."""

    branch: Text
    database: Text


class SqlWarehouse(Body):
    """A SQL warehouse, and the app's permission on it."""

    id: Text
    permission: Text | None = None


class ServingEndpoint(Body):
    """A model serving endpoint, and the app's permission on it."""

    name: Text
    permission: Text | None = None


class Job(Body):
    """A job, and the app's permission on it."""

    id: Text
    permission: Text | None = None


class Experiment(Body):
    """An MLflow experiment."""

    experiment_id: Text
    permission: Text | None = None


class Securable(Body):
    """A volume, table or function of Unity Catalog."""

    securable_full_name: Text
    securable_type: Text | None = None
    permission: Text | None = None


class Secret(Body):
    """A secret of a scope, and the app's permission on the scope."""

    scope: Text
    key: Text
    permission: Literal["READ", "WRITE", "MANAGE"] | None = None


class OtherApp(Body):
    """Another app."""

    name: Text


class Resource(Body):
    """What an app may use, by the name that its `valueFrom` takes."""

    name: Name
    postgres: Postgres | None = None
    sql_warehouse: SqlWarehouse | None = None
    serving_endpoint: ServingEndpoint | None = None
    job: Job | None = None
    experiment: Experiment | None = None
    uc_securable: Securable | None = None
    app: OtherApp | None = None
    secret: Secret | None = None
    database: Refused = None
    genie_space: Refused = None


class App(Body):
    """An app's name, description and resources, the scopes of its callers' tokens, and what is kept without effect."""

    name: Annotated[Text, Field(max_length=255)] | None = None
    description: Text | None = None
    resources: Annotated[list[Resource], Field(max_length=100)] | None = None
    user_api_scopes: Annotated[list[Name], Field(max_length=100)] | None = None
    budget_policy_id: Text | None = None
    usage_policy_id: Text | None = None
    compute_size: Literal["MEDIUM", "LARGE", "XLARGE"] | None = None
    compute_min_instances: int | None = None
    compute_max_instances: int | None = None
    telemetry_export_destinations: list[dict[str, JsonValue]] | None = None
    git_repository: dict[str, JsonValue] | None = None
    git_source: Refused = None
    space: Refused = None


class Update(Body):
    """New values of the fields that the mask names."""

    app: App
    update_mask: Text


class AccessControl(StrictBody):
    """A level for one user, group or service principal."""

    user_name: Name | None = None
    group_name: Name | None = None
    service_principal_name: Name | None = None
    permission_level: Literal["CAN_USE", "CAN_MANAGE"]

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if [self.user_name, self.group_name, self.service_principal_name].count(None) != 2:
            raise ValueError("should have one of user_name, group_name and service_principal_name")
        return self


class Permissions(StrictBody):
    """Who gets which level."""

    access_control_list: Annotated[list[AccessControl], Field(max_length=100)] = []

    def grants(self, directory: Directory) -> list[Grant]:
        """The same as grants. Raises ApiError 404 for one to somebody who is not in `directory`."""
        grants: list[Grant] = [
            {"kind": kind, "name": value, "level": entry.permission_level}
            for entry in self.access_control_list
            for kind, value in entry.model_dump(exclude={"permission_level"}, exclude_none=True).items()
        ]
        check_principals(grants, directory.is_known)
        return grants


class EnvVar(Body):
    """A variable of the app's environment: a value, or the name of a resource."""

    name: Annotated[Name, Field(pattern="^[^=]+$")]
    value: Text | None = None
    value_from: Text | None = None


class Deployment(Body):
    """A workspace folder to deploy, and what replaces or extends its app.yaml."""

    source_code_path: PathText | None = None
    git_source: Refused = None
    mode: Literal["SNAPSHOT"] | None = None
    command: list[Text] | None = None
    env_vars: list[EnvVar] | None = None
