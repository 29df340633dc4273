"""What Unity Catalog's routes receive: bodies and parameters."""

from typing import Annotated, Literal, NamedTuple

from fastapi import Query

from local_workspace.http.bodies import Name, StrictBody, Text

Force = Annotated[bool, Query(description="also what is in it")]
Browse = Annotated[bool, Query(description="no effect: everything here may be read")]


class NewCatalog(StrictBody):
    """A catalog to create."""

    name: Text
    comment: Text | None = None


class NewSchema(StrictBody):
    """A schema to create."""

    name: Text
    catalog_name: Text
    comment: Text | None = None


class NewVolume(StrictBody):
    """A volume to create."""

    name: Text
    catalog_name: Text
    schema_name: Text
    volume_type: Literal["MANAGED"] | None = None
    comment: Text | None = None


class Described(StrictBody):
    """A new comment or owner of a catalog, schema or volume; a field that is left out stays as it is."""

    comment: Text | None = None
    owner: Name | None = None


class Given(StrictBody):
    """A new owner of a table or function."""

    owner: Name | None = None


class Place(NamedTuple):
    """The catalog and schema to list, empty where a listing is of all, and the fields that it leaves out."""

    catalog: str = ""
    schema: str = ""
    omitted: frozenset[str] = frozenset()


def anywhere(include_unbound: bool = False) -> Place:
    """Parameters of the listing of catalogs; none here is bound to another workspace."""
    return Place()


def in_catalog(catalog_name: Text) -> Place:
    """A listing of what is in a catalog."""
    return Place(catalog_name)


def in_schema(catalog_name: Text, schema_name: Text) -> Place:
    """A listing of what is in a schema."""
    return Place(catalog_name, schema_name)


def of_tables(
    catalog_name: Text,
    schema_name: Text,
    omit_columns: bool = False,
    omit_properties: bool = False,
    omit_username: bool = False,
) -> Place:
    """A listing of a schema's tables, without what is not wanted of them."""
    omitted = {"columns"} if omit_columns else set()
    omitted |= {"properties"} if omit_properties else set()
    omitted |= {"owner", "created_by", "updated_by"} if omit_username else set()
    return Place(catalog_name, schema_name, frozenset(omitted))
