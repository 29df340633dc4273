"""The stored documents of apps and deployments. Resources are as their requests sent them."""

from typing import Any, TypedDict

Resource = dict[str, Any]
EnvEntry = dict[str, Any]
"""A variable of `app.yaml` or a deployment: `name`, and `value` or `valueFrom` (`value_from`)."""


class AppIdentity(TypedDict):
    """The part of an app that determines how it signs in and what its role may do."""

    name: str
    resources: list[Resource]


class AppSettings(TypedDict):
    """What requests can set of an app; `kept` has no effect."""

    description: str
    resources: list[Resource]
    user_api_scopes: list[str]
    kept: dict[str, Any]
    updater: str
    update_time: str


class StoredApp(AppSettings):
    """An app. `port` is its gateway's, `active` the deployment that runs, `compute` ACTIVE or STOPPED.

    `problem` is why it can't run.
    """

    name: str
    id: str
    creator: str
    create_time: str
    port: int
    active: str | None
    compute: str
    problem: str | None


class Status(TypedDict):
    """The state of a deployment: IN_PROGRESS, SUCCEEDED or FAILED."""

    state: str
    message: str


class Artifacts(TypedDict):
    """The folder of a deployment's copy of the code."""

    source_code_path: str


class StoredDeployment(TypedDict):
    """A deployment of the workspace folder `source_code_path`."""

    deployment_id: str
    app: str
    source_code_path: str
    creator: str
    mode: str
    command: list[str] | None
    env_vars: list[EnvEntry]
    create_time: str
    update_time: str
    deployment_artifacts: Artifacts
    status: Status
