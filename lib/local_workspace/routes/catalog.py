"""Unity Catalog: catalogs, schemas, volumes, tables, functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, Protocol, TypedDict

from fastapi import APIRouter, Depends, Query, Request

from local_workspace.engines.catalog import CatalogEngine, FunctionsEngine, TablesEngine
from local_workspace.engines.catalog.documents import Catalog, Function, Schema, Table, Volume
from local_workspace.http.bodies import StrictBody, Text
from local_workspace.http.paging import Page, by_max_results
from local_workspace.http.queries import REFUSE_UNKNOWN

router = APIRouter(prefix="/api/2.1/unity-catalog", dependencies=[REFUSE_UNKNOWN])

Json = Mapping[str, object]
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


class UnityCatalog(Protocol):
    """The engines behind these routes."""

    catalog: CatalogEngine
    tables: TablesEngine
    functions: FunctionsEngine


def _unity_catalog(request: Request) -> UnityCatalog:
    engines: UnityCatalog = request.app.state.engines
    return engines


Engines = Annotated[UnityCatalog, Depends(_unity_catalog)]


@router.post("/catalogs")
def create_catalog(engines: Engines, body: NewCatalog) -> Catalog:
    """Create the catalog."""
    return engines.catalog.create_catalog(body.name, body.comment or "")


@router.post("/schemas")
def create_schema(engines: Engines, body: NewSchema) -> Schema:
    """Create a schema."""
    return engines.catalog.create_schema(body.catalog_name, body.name, body.comment or "")


@router.post("/volumes")
def create_volume(engines: Engines, body: NewVolume) -> Volume:
    """Create a volume."""
    return engines.catalog.create_volume(body.catalog_name, body.schema_name, body.name, body.comment or "")


class Existence(TypedDict):
    """Whether a table exists."""

    table_exists: bool


@router.get("/tables/{full_name}/exists")
def table_exists(engines: Engines, full_name: Text, include_browse: Browse = False) -> Existence:
    """Whether a table or view exists."""
    return {"table_exists": engines.tables.exists(full_name)}


class Place(NamedTuple):
    """The catalog and schema to list; empty where a listing is of all."""

    catalog: str = ""
    schema: str = ""


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
    """A listing of a schema's tables; it has none of what can be omitted."""
    return Place(catalog_name, schema_name)


@dataclass(frozen=True)
class Kind[T]:
    """What can be listed, shown and deleted under `/{plural}`: its shape, where it is, and how the engines do that."""

    plural: str
    shape: type[T]
    place: Callable[..., Place]
    list: Callable[[UnityCatalog, Place], Sequence[object]]
    get: Callable[[UnityCatalog, str], T]
    delete: Callable[[UnityCatalog, str, bool], None]

    def serve(self) -> None:
        """Add the three routes."""

        def listed(
            engines: Engines,
            page: Annotated[Page, Depends(by_max_results)],
            place: Annotated[Place, Depends(self.place)],
            include_browse: Browse = False,
        ) -> Json:
            return page.of(self.plural, self.list(engines, place))

        def found(engines: Engines, full_name: Text, include_browse: Browse = False) -> T:
            return self.get(engines, full_name)

        def deleted(engines: Engines, full_name: Text, force: Force = False) -> Json:
            self.delete(engines, full_name, force)
            return {}

        one = f"/{self.plural}/{{full_name}}"
        router.get(f"/{self.plural}", summary=f"List {self.plural}")(listed)
        router.get(one, summary=f"One of the {self.plural}", response_model=self.shape)(found)
        router.delete(one, summary=f"Delete one of the {self.plural}")(deleted)


Kind(
    "catalogs",
    Catalog,
    anywhere,
    lambda engines, _: engines.catalog.list_catalogs(),
    lambda engines, name: engines.catalog.get_catalog(name),
    lambda engines, name, force: engines.catalog.delete_catalog(name, force),
).serve()
Kind(
    "schemas",
    Schema,
    in_catalog,
    lambda engines, place: engines.catalog.list_schemas(place.catalog),
    lambda engines, name: engines.catalog.get_schema(name),
    lambda engines, name, force: engines.catalog.delete_schema(name, force),
).serve()
Kind(
    "volumes",
    Volume,
    in_schema,
    lambda engines, place: engines.catalog.list_volumes(*place),
    lambda engines, name: engines.catalog.get_volume(name),
    lambda engines, name, _: engines.catalog.delete_volume(name),
).serve()
Kind(
    "tables",
    Table,
    of_tables,
    lambda engines, place: engines.tables.list(*place),
    lambda engines, name: engines.tables.get(name),
    lambda engines, name, _: engines.tables.delete(name),
).serve()
Kind(
    "functions",
    Function,
    in_schema,
    lambda engines, place: engines.functions.list(*place),
    lambda engines, name: engines.functions.get(name),
    lambda engines, name, _: engines.functions.delete(name),
).serve()
