"""The shapes of what Unity Catalog holds, as they are kept and shown. Times are milliseconds since 1970."""

from typing import Literal, NotRequired, TypedDict

TableType = Literal["MANAGED", "EXTERNAL", "VIEW", "STREAMING_TABLE", "MATERIALIZED_VIEW"]


class Changes(TypedDict):
    """Who owns something, who made and changed it, and when."""

    owner: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str


class Catalog(Changes):
    """The catalog."""

    name: str
    full_name: str
    catalog_type: Literal["MANAGED_CATALOG"]
    securable_type: Literal["CATALOG"]
    isolation_mode: Literal["OPEN"]
    comment: str
    metastore_id: str
    storage_root: str
    storage_location: str


class Schema(Changes):
    """A schema; `full_name` has two parts."""

    name: str
    catalog_name: str
    full_name: str
    catalog_type: Literal["MANAGED_CATALOG"]
    schema_id: str
    metastore_id: str
    comment: NotRequired[str]
    storage_location: NotRequired[str]


class Volume(Changes):
    """A volume; `storage_location` is its directory."""

    name: str
    schema_name: str
    catalog_name: str
    full_name: str
    volume_type: str
    volume_id: str
    metastore_id: str
    storage_location: str
    comment: str


class Typed(TypedDict):
    """A name with a type; `position` counts from 0."""

    name: str
    position: int
    type_text: str
    type_name: str
    type_json: str
    type_precision: NotRequired[int]
    type_scale: NotRequired[int]
    type_interval_type: NotRequired[str]
    comment: NotRequired[str]


class Column(Typed):
    """A column; `partition_index` counts from 0."""

    nullable: bool
    partition_index: NotRequired[int]


class Parameter(Typed):
    """A parameter of a function, or a column of the table that it returns."""

    parameter_mode: Literal["IN"]
    parameter_type: Literal["PARAM", "COLUMN"]
    parameter_default: NotRequired[str]


class Parameters(TypedDict):
    """The parameters of a function."""

    parameters: list[Parameter]


class Table(TypedDict):
    """A table or view."""

    name: str
    catalog_name: str
    schema_name: str
    full_name: str
    table_type: TableType
    table_id: str
    metastore_id: str
    columns: NotRequired[list[Column]]
    properties: NotRequired[dict[str, str]]
    data_source_format: NotRequired[str]
    storage_location: NotRequired[str]
    view_definition: NotRequired[str]
    pipeline_id: NotRequired[str]
    comment: NotRequired[str]
    owner: NotRequired[str]
    created_at: int
    created_by: NotRequired[str]
    updated_at: int
    updated_by: NotRequired[str]


class TableSummary(TypedDict):
    """The name and type of a table or view."""

    full_name: str
    table_type: TableType


class DeltaTableVersion(TypedDict):
    """The name and type of a Delta table, and its newest version."""

    full_name: str
    table_type: TableType
    version: int


class Function(Changes):
    """A SQL function; one that returns a table has `return_params`."""

    name: str
    catalog_name: str
    schema_name: str
    full_name: str
    function_id: str
    metastore_id: str
    input_params: Parameters
    return_params: NotRequired[Parameters]
    data_type: str
    full_data_type: str
    routine_body: Literal["SQL"]
    routine_definition: str
    parameter_style: Literal["S"]
    is_deterministic: bool
    sql_data_access: Literal["CONTAINS_SQL", "READS_SQL_DATA"]
    is_null_call: bool
    security_type: Literal["DEFINER"]
    specific_name: str
    comment: NotRequired[str]


class Made(TypedDict):
    """What everything in the catalog has: its full name, and when it was made."""

    full_name: str
    created_at: int


class Grants(TypedDict):
    """The privileges on one thing, by principal; what is made under its name later has none of them."""

    kind: str
    full_name: str
    created_at: int
    privileges: dict[str, list[str]]


class Owner(TypedDict):
    """To whom something was given; made again under the same name (at another time), it is its maker's."""

    kind: str
    full_name: str
    created_at: int
    owner: str
    updated_at: int


class Assignment(TypedDict):
    """The privileges of one principal."""

    principal: str
    privileges: list[str]


class EffectivePrivilege(TypedDict):
    """A privilege, and where it was granted if that is further up."""

    privilege: str
    inherited_from_type: NotRequired[str]
    inherited_from_name: NotRequired[str]


class EffectiveAssignment(TypedDict):
    """The privileges of one principal with those that are inherited."""

    principal: str
    privileges: list[EffectivePrivilege]


# What the Spark server says of its metastore: see runtime/java/local_workspace, whose records these are.


class SparkSchema(TypedDict):
    """A schema; owner and time are None for one that Spark made itself, `default`."""

    name: str
    comment: str
    location: str
    owner: str | None
    created_at: int | None
    updated_at: int | None


class SparkField(TypedDict):
    """A column, parameter or result."""

    name: str
    position: int
    type_text: str
    type_name: str
    type_json: str
    type_precision: int | None
    type_scale: int | None
    type_interval_type: str | None
    nullable: bool
    comment: str | None
    default_value: str | None
    partition_index: int | None


class SparkRelation(TypedDict):
    """A table or view; `id` is that of Delta Lake, `format` and `location` are None for a view."""

    schema: str
    name: str
    type: TableType
    format: str | None
    location: str | None
    properties: dict[str, str]
    view_text: str | None
    comment: str | None
    created_at: int
    updated_at: int
    id: str | None
    columns: list[SparkField]


class SparkRoutine(TypedDict):
    """A SQL function; `returns` is None for one that returns a table, `return_columns` for any other."""

    schema: str
    name: str
    parameters: list[SparkField]
    returns: SparkField | None
    return_columns: list[SparkField] | None
    definition: str
    comment: str | None
    is_deterministic: bool | None
    reads_data: bool
    created_at: int
