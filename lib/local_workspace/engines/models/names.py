"""The names of registered models, their aliases and tags, with Unity Catalog's rules and messages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local_workspace.runtime.errors import ApiError, invalid, not_found

_LEVELS = 3
_PART = re.compile(r"[^\x00-\x20./\x7f]{1,255}")
_ALIAS = re.compile(r"[\w-]{1,255}")
_LIKE_A_VERSION = re.compile(r"v?\d+|latest", re.IGNORECASE)
# https://docs.databricks.com/aws/en/database-objects/tags
_MAX_TAGS, _MAX_KEY, _MAX_VALUE = 50, 255, 1000
_RESERVED = ".,-=/:"


@dataclass(frozen=True)
class ModelName:
    """The three levels of a registered model's name; all of them are in lower case."""

    catalog: str
    schema: str
    model: str

    def __str__(self) -> str:
        """`catalog.schema.model`."""
        return f"{self.catalog}.{self.schema}.{self.model}"

    @property
    def in_schema(self) -> str:
        """`catalog.schema`."""
        return f"{self.catalog}.{self.schema}"


def model_name(full_name: str) -> ModelName:
    """The name that `full_name` spells. Raises ApiError 400 unless it has three levels."""
    parts = full_name.lower().split(".")
    if len(parts) != _LEVELS or not all(parts):
        # The message of Databricks: https://github.com/mlflow/mlflow/issues/13833
        raise invalid(
            "Bad model name: please specify all three levels of the model in the form "
            f"`catalog_name.schema_name.model_name`. Got '{full_name[:200]}'"
        )
    for part in parts:
        if not _PART.fullmatch(part) or len(part.encode()) > 255:  # noqa: PLR2004  a folder's name, in bytes
            raise invalid(f"{part[:200]!r} is not a valid name: it has a space, a slash or more than 255 bytes.")
    return ModelName(*parts)


def no_model(name: object) -> ApiError:
    """404: models and functions share their names in Unity Catalog, so its error names both."""
    return not_found(f"Routine or Model '{name}' does not exist.")


def checked_alias(alias: str) -> str:
    """`alias`, if it is valid for a version. Raises ApiError 400."""
    if not _ALIAS.fullmatch(alias) or _LIKE_A_VERSION.fullmatch(alias):
        raise invalid(
            f"'{alias[:100]}' is not a valid alias: use letters, digits, underscores and dashes, and neither 'latest' "
            "nor a version's number."
        )
    return alias


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """`tags`, if Unity Catalog takes them. Raises ApiError 400."""
    if len(tags) > _MAX_TAGS:
        raise invalid(f"A model or version has at most {_MAX_TAGS} tags, not {len(tags)}.")
    for key, value in tags.items():
        if set(key) & set(_RESERVED):  # the message of Databricks: mlflow/recipes-examples#58
            reserved = ", ".join(_RESERVED)
            raise invalid(f"Tag name {key[:100]} contains one or more of the reserved characters: List({reserved})")
        if not key or len(key) > _MAX_KEY or len(value) > _MAX_VALUE:
            raise invalid(
                f"Tag {key[:100]!r}: a key has 1 to {_MAX_KEY} characters, a value at most {_MAX_VALUE}; these have "
                f"{len(key)} and {len(value)}."
            )
    return dict(tags)
