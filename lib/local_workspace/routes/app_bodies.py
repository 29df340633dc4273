"""The bodies of Apps requests. Kinds of resources that a local workspace doesn't provide are kept as they came."""

from typing import Annotated, Literal

from pydantic import Field

from local_workspace.http.bodies import Body, Name, PathText, Refused, Text


class Postgres(Body):
    """A Lakebase database: the path of its branch, and its own path or name."""

    branch: Text
    database: Text


class SqlWarehouse(Body):
    """A SQL warehouse."""

    id: Text


class ServingEndpoint(Body):
    """A model serving endpoint."""

    name: Text


class Job(Body):
    """A job."""

    id: Text


class Experiment(Body):
    """An MLflow experiment."""

    experiment_id: Text


class Securable(Body):
    """A volume, table or function of Unity Catalog."""

    securable_full_name: Text


class Resource(Body):
    """What an app may use, by the name that its `valueFrom` takes."""

    name: Name
    postgres: Postgres | None = None
    sql_warehouse: SqlWarehouse | None = None
    serving_endpoint: ServingEndpoint | None = None
    job: Job | None = None
    experiment: Experiment | None = None
    uc_securable: Securable | None = None


class App(Body):
    """An app's name, description and resources, and the scopes of the tokens that it gets of its callers."""

    name: Annotated[Text, Field(max_length=255)] | None = None
    description: Text | None = None
    resources: Annotated[list[Resource], Field(max_length=100)] | None = None
    user_api_scopes: Annotated[list[Name], Field(max_length=100)] | None = None


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
