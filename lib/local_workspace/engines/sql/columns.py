"""The columns of a result, with the API's names for Spark's types."""

from typing import TYPE_CHECKING, NotRequired, TypedDict

from local_workspace.runtime.quoting import readable

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType

_NAMES = {"INTEGER": "INT", "VOID": "NULL"}


class Column(TypedDict):
    """A column; `position` counts from 0."""

    name: str
    position: int
    type_text: str
    type_name: str
    type_precision: NotRequired[int]
    type_scale: NotRequired[int]
    type_interval_type: NotRequired[str]


class Columns(TypedDict):
    """The columns of a result."""

    column_count: int
    columns: list[Column]


def columns(schema: "StructType") -> Columns:
    """The columns of a result of this schema."""
    found = [_column(field.name, field.dataType, position) for position, field in enumerate(schema.fields)]
    return {"column_count": len(found), "columns": found}


def _column(name: str, kind: "DataType", position: int) -> Column:
    from pyspark.sql.types import DecimalType

    text = type_text(kind)
    word = kind.typeName().upper().split("(")[0]
    type_name = "INTERVAL" if text.startswith("INTERVAL") else _NAMES.get(word, word)
    column: Column = {"name": name, "position": position, "type_text": text, "type_name": type_name}
    if isinstance(kind, DecimalType):
        column |= {"type_precision": kind.precision, "type_scale": kind.scale}
    if interval := text.removeprefix("INTERVAL").strip() if type_name == "INTERVAL" else "":
        column["type_interval_type"] = interval
    return column


def type_text(kind: "DataType") -> str:
    """A type as SQL writes it: `DECIMAL(4,2)`, `MAP<STRING, ARRAY<INT>>`, `STRUCT<name: STRING, n: BIGINT>`."""
    from pyspark.sql.types import ArrayType, MapType, StringType, StructType

    match kind:
        case ArrayType():
            return f"ARRAY<{type_text(kind.elementType)}>"
        case MapType():
            return f"MAP<{type_text(kind.keyType)}, {type_text(kind.valueType)}>"
        case StructType():
            return (
                f"STRUCT<{', '.join(f'{readable(field.name)}: {type_text(field.dataType)}' for field in kind.fields)}>"
            )
        case StringType():
            return "STRING"
    return kind.simpleString().upper()
