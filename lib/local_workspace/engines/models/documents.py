"""The stored documents of registered models and their versions. Times are milliseconds since 1970."""

from typing import Literal, TypedDict

Status = Literal["PENDING_REGISTRATION", "READY"]


class Dependency(TypedDict):
    """Something that a version uses, such as a DATABRICKS_UC_FUNCTION, and its name."""

    type: str
    name: str


class RegisteredModel(TypedDict):
    """A registered model; `aliases` are the versions by alias, `last_version` the newest that it ever had, or 0."""

    id: str
    full_name: str
    comment: str
    owner: str
    created_by: str
    created_at: int
    updated_at: int
    tags: dict[str, str]
    aliases: dict[str, int]
    last_version: int


class ModelVersion(TypedDict):
    """A version; its files can be written as long as it is PENDING_REGISTRATION."""

    id: str
    model: str
    version: int
    status: Status
    comment: str
    source: str
    run_id: str
    model_id: str
    dependencies: list[Dependency]
    created_by: str
    created_at: int
    updated_at: int
    tags: dict[str, str]


class VersionDetails(TypedDict):
    """What a client says of a version that it creates."""

    source: str
    run_id: str
    model_id: str
    comment: str
    tags: dict[str, str]
    dependencies: list[Dependency]
