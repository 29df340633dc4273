"""What Databricks' model endpoints refuse of a chat request's `response_format`.

Source: https://docs.databricks.com/aws/en/machine-learning/model-serving/structured-outputs
"""

from collections.abc import Iterator, Mapping
from typing import Any

_NOT_IN_SCHEMAS = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "prefixItems", "pattern"}
_NAMED = {"properties", "$defs"}  # whose keys are names
_MAX_KEYS = 64


class RefusedForm(ValueError):
    """A `response_format` that model endpoints refuse; `param` is the place of what is wrong with it."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def check(body: Mapping[str, Any]) -> None:
    """Raise RefusedForm if the chat request `body` asks for a format that model endpoints refuse."""
    form = _mapping(_mapping(body.get("response_format")).get("json_schema"))
    schema, place = form.get("schema") or {}, "response_format.json_schema.schema"
    if body.get("tools") and form.get("strict"):
        raise RefusedForm(
            "`tools` and a strict `response_format` can't go together: ask for the format in a request without tools.",
            "response_format",
        )
    if found := sorted(_NOT_IN_SCHEMAS & set(_keywords(schema))):
        raise RefusedForm(f"`{place}` has {', '.join(found)}, which structured outputs do not support.", place)
    if len(list(_properties(schema))) > _MAX_KEYS:
        raise RefusedForm(f"`{place}` has more than {_MAX_KEYS} keys.", place)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _keywords(schema: object) -> Iterator[str]:
    """The keywords of a JSON schema and of the schemas in it; the names of properties are none."""
    if isinstance(schema, list):
        for each in schema:
            yield from _keywords(each)
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            yield key
            yield from _keywords(list(value.values()) if key in _NAMED and isinstance(value, Mapping) else value)


def _properties(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _properties(each)
    if isinstance(schema, Mapping):
        yield from _mapping(schema.get("properties"))
        yield from _properties(list(schema.values()))
