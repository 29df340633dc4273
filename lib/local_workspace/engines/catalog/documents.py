"""The shapes of what Unity Catalog holds, as they are kept and shown. Times are milliseconds since 1970."""

from typing import Literal, NotRequired, TypedDict


class Catalog(TypedDict):
    """The catalog."""

    name: str
    full_name: str
    catalog_type: str
    comment: str
    created_at: int
    owner: str


class SchemaNotes(TypedDict, total=False):
    """What is kept of a schema beside Spark's metastore; nothing of one that SQL made."""

    comment: str
    created_at: int
    owner: str


class Schema(SchemaNotes):
    """A schema; `full_name` has two parts."""

    name: str
    catalog_name: str
    full_name: str


class Volume(TypedDict):
    """A volume; `storage_location` is its directory."""

    name: str
    schema_name: str
    catalog_name: str
    full_name: str
    volume_type: str
    storage_location: str
    comment: str
    created_at: int
    owner: str


class Column(TypedDict):
    """A column; `position` counts from 0."""

    name: str
    type_text: str
    position: int
    nullable: bool


class Relation(TypedDict):
    """The name of a table or view."""

    name: str
    catalog_name: str
    schema_name: str
    full_name: str


class Table(Relation):
    """A table or view with its columns."""

    table_type: Literal["VIEW", "MANAGED"]
    columns: list[Column]
    data_source_format: NotRequired[str]


class Function(Relation):
    """A SQL function."""

    routine_body: str


class Assignment(TypedDict):
    """The privileges of one principal."""

    principal: str
    privileges: list[str]
