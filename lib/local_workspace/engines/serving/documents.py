"""The stored documents of endpoints and their gateways. Entities and settings are as their requests sent them."""

from typing import Any, TypedDict

Entity = dict[str, Any]
Settings = dict[str, Any]


class Config(TypedDict):
    """A config: its number, the served entity, and the time of its creation (milliseconds since 1970)."""

    config_version: int
    entity: Entity
    start_time: int


class Failure(TypedDict):
    """A config that could not start, and why."""

    config: Config
    message: str


class StoredEndpoint(TypedDict):
    """An endpoint: the config that it serves, the one that it is about to serve, the last that failed."""

    name: str
    id: str
    creator: str
    creation_timestamp: int
    last_updated_timestamp: int
    tags: list[dict[str, Any]]
    description: str
    config: Config | None
    pending: Config | None
    failed: Failure | None
    newest_version: int


class StoredGateway(TypedDict, total=False):
    """The limits and the usage of an endpoint, as budget.Limits and budget.Used dump them, and its AI Gateway."""

    limits: dict[str, Any]
    used: dict[str, Any]
    settings: Settings


class Usage(TypedDict):
    """The limits of an endpoint, and what was used of them."""

    name: str
    limits: dict[str, Any]
    used: dict[str, Any]
