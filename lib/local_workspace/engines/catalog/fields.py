"""Columns and parameters as Unity Catalog's API shows them."""

from collections.abc import Mapping
from typing import Literal, cast

from local_workspace.engines.catalog.documents import Column, Parameter, Parameters, SparkField, Typed


def column(field: SparkField) -> Column:
    """A column of a table or view."""
    return cast("Column", _what_applies(field, Column))


def parameters(fields: list[SparkField], kind: Literal["PARAM", "COLUMN"]) -> Parameters:
    """The parameters of a function, or the columns of the table that it returns."""
    return {"parameters": [_parameter(field, kind) for field in fields]}


def _parameter(field: SparkField, kind: Literal["PARAM", "COLUMN"]) -> Parameter:
    shown = cast("Parameter", {**_what_applies(field, Typed), "parameter_mode": "IN", "parameter_type": kind})
    if field["default_value"] is not None:
        shown["parameter_default"] = field["default_value"]
    return shown


def _what_applies(field: SparkField, shape: type[Typed]) -> Mapping[str, object]:
    """The values of the shape's names, without those that do not apply to the field's type."""
    values = cast("Mapping[str, object]", field)
    return {name: values[name] for name in shape.__annotations__ if values[name] is not None}
