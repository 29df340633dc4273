"""The validation of request bodies: the base of all models, and the types of names, paths and JSON."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

MAX_DEPTH = 64
MAX_NAME = 255  # bytes: what a file system takes for a name


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("should have no NUL character")
    return text


def _short_names(path: str) -> str:
    if any(len(part.encode()) > MAX_NAME for part in _printable(path).split("/")):
        raise ValueError(f"should have no name longer than {MAX_NAME} bytes")
    return path


Text = Annotated[str, AfterValidator(_printable)]
"""A string without NUL."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_printable)]
"""A string of 1 to 255 characters without NUL."""
PathText = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_short_names)]
"""A path whose parts a file system takes: up to 255 bytes each, without NUL."""


Refused = Annotated[None, Field(description="not supported here: must be left out")]
"""The type of a field that Databricks acts on and a local workspace can't."""


class Body(BaseModel):
    """A request's body, or a part of it: the fields that are declared are checked, others are kept as they came."""

    model_config = ConfigDict(extra="allow", serialize_by_alias=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _check_json(cls, data: Any) -> Any:
        check_json(data)
        return data

    def sent(self) -> dict[str, Any]:
        """The fields that the client sent, without defaults; null is Databricks' way of leaving a field out."""
        return self.model_dump(exclude_unset=True, exclude_none=True)


class StrictBody(Body):
    """A request's body, or a part of it, in which a field that is not declared is an error."""

    model_config = ConfigDict(extra="forbid")


def check_json(value: object) -> None:
    """Raise ValueError for what JSON allows here and can't be stored or sent back: see the messages."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"should nest no deeper than {MAX_DEPTH} levels")
        if isinstance(item, float) and not math.isfinite(item):
            raise ValueError("should have finite numbers only")
        if isinstance(item, str) and not _encodable(item):
            raise ValueError("should have no lone surrogates in its strings")
        children = [*item, *item.values()] if isinstance(item, dict) else item if isinstance(item, list) else []
        waiting += [(child, depth + 1) for child in children]


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
