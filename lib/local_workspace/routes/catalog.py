"""Unity Catalog: catalogs, schemas, volumes, tables, functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypedDict

from fastapi import APIRouter, Depends, Request

from local_workspace.engines.catalog import UnityCatalog
from local_workspace.engines.catalog.documents import Catalog, Function, Schema, Table, Volume
from local_workspace.engines.catalog.metastores import MetastoreAssignment, MetastoreSummary
from local_workspace.http.bodies import Text
from local_workspace.http.paging import Page, by_max_results
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.http.server import workspace_id
from local_workspace.routes.catalog_bodies import (
    Browse,
    Described,
    Force,
    Given,
    NewCatalog,
    NewSchema,
    NewVolume,
    Place,
    anywhere,
    in_catalog,
    in_schema,
    of_tables,
)
from local_workspace.routes.catalog_principals import check_known

router = APIRouter(prefix="/api/2.1/unity-catalog", dependencies=[REFUSE_UNKNOWN])

Json = Mapping[str, object]


def unity_of(request: Request) -> UnityCatalog:
    """The engines behind these routes."""
    unity: UnityCatalog = request.app.state.engines.unity
    return unity


Unity = Annotated[UnityCatalog, Depends(unity_of)]


@router.post("/catalogs")
def create_catalog(unity: Unity, body: NewCatalog) -> Catalog:
    """Create the catalog."""
    return unity.catalog.create_catalog(body.name, body.comment or "")


@router.patch("/catalogs/{full_name}")
def update_catalog(request: Request, unity: Unity, full_name: Text, body: Described) -> Catalog:
    """Change the comment or owner of the catalog."""
    check_known(request, body.owner)
    return unity.catalog.update_catalog(full_name, body.comment, body.owner)


@router.post("/schemas")
def create_schema(unity: Unity, body: NewSchema) -> Schema:
    """Create a schema."""
    return unity.catalog.create_schema(body.catalog_name, body.name, body.comment or "")


@router.patch("/schemas/{full_name}")
def update_schema(request: Request, unity: Unity, full_name: Text, body: Described) -> Schema:
    """Change the comment or owner of a schema."""
    check_known(request, body.owner)
    return unity.catalog.update_schema(full_name, body.comment, body.owner)


@router.post("/volumes")
def create_volume(unity: Unity, body: NewVolume) -> Volume:
    """Create a volume."""
    return unity.catalog.create_volume(body.catalog_name, body.schema_name, body.name, body.comment or "")


@router.patch("/volumes/{full_name}")
def update_volume(request: Request, unity: Unity, full_name: Text, body: Described) -> Volume:
    """Change the comment or owner of a volume."""
    check_known(request, body.owner)
    return unity.volumes.update(full_name, body.comment, body.owner)


@router.patch("/functions/{full_name}")
def update_function(request: Request, unity: Unity, full_name: Text, body: Given) -> Function:
    """Give a function to another owner."""
    check_known(request, body.owner)
    return unity.functions.update(full_name, body.owner)


@router.patch("/tables/{full_name}")
def update_table(request: Request, unity: Unity, full_name: Text, body: Given) -> Json:
    """Give a table or view to another owner."""
    check_known(request, body.owner)
    unity.tables.update(full_name, body.owner)
    return {}


class Existence(TypedDict):
    """Whether a table exists."""

    table_exists: bool


@router.get("/tables/{full_name}/exists")
def table_exists(unity: Unity, full_name: Text, include_browse: Browse = False) -> Existence:
    """Whether a table or view exists."""
    return {"table_exists": unity.tables.exists(full_name)}


@router.get("/table-summaries")
def table_summaries(
    unity: Unity,
    page: Annotated[Page, Depends(by_max_results)],
    catalog_name: Text,
    schema_name_pattern: Text = "",
    table_name_pattern: Text = "",
) -> Json:
    """Names and types of the tables and views whose names are LIKE the patterns."""
    return page.of("tables", unity.tables.summaries(catalog_name, schema_name_pattern, table_name_pattern))


@router.get("/metastore_summary")
def metastore_summary(unity: Unity) -> MetastoreSummary:
    """The metastore."""
    return unity.metastores.summary()


@router.get("/current-metastore-assignment")
def metastore_assignment(unity: Unity, request: Request) -> MetastoreAssignment:
    """Which metastore the workspace has."""
    return unity.metastores.assignment(workspace_id(request.app.state.token))


@dataclass(frozen=True)
class Kind[T: Mapping[str, object]]:
    """What can be listed, shown and deleted under `/{plural}`: its shape, where it is, and how the engines do that."""

    plural: str
    shape: type[T]
    place: Callable[..., Place]
    list: Callable[[UnityCatalog, Place], Sequence[T]]
    get: Callable[[UnityCatalog, str], T]
    delete: Callable[[UnityCatalog, str, bool], None]

    def serve(self) -> None:
        """Add the three routes."""

        def listed(
            unity: Unity,
            page: Annotated[Page, Depends(by_max_results)],
            place: Annotated[Place, Depends(self.place)],
            include_browse: Browse = False,
        ) -> Json:
            return page.of(self.plural, [_without(place.omitted, item) for item in self.list(unity, place)])

        def found(unity: Unity, full_name: Text, include_browse: Browse = False) -> T:
            return self.get(unity, full_name)

        def deleted(unity: Unity, full_name: Text, force: Force = False) -> Json:
            self.delete(unity, full_name, force)
            return {}

        one = f"/{self.plural}/{{full_name}}"
        router.get(f"/{self.plural}", summary=f"List {self.plural}")(listed)
        router.get(one, summary=f"One of the {self.plural}", response_model=self.shape)(found)
        router.delete(one, summary=f"Delete one of the {self.plural}")(deleted)


def _without(omitted: frozenset[str], item: Json) -> Json:
    return {name: value for name, value in item.items() if name not in omitted}


Kind(
    "catalogs",
    Catalog,
    anywhere,
    lambda unity, _: unity.catalog.list_catalogs(),
    lambda unity, name: unity.catalog.get_catalog(name),
    lambda unity, name, force: unity.catalog.delete_catalog(name, force),
).serve()
Kind(
    "schemas",
    Schema,
    in_catalog,
    lambda unity, place: unity.catalog.list_schemas(place.catalog),
    lambda unity, name: unity.catalog.get_schema(name),
    lambda unity, name, force: unity.catalog.delete_schema(name, force),
).serve()
Kind(
    "volumes",
    Volume,
    in_schema,
    lambda unity, place: unity.volumes.list(place.catalog, place.schema),
    lambda unity, name: unity.volumes.get(name),
    lambda unity, name, _: unity.volumes.delete(name),
).serve()
Kind(
    "tables",
    Table,
    of_tables,
    lambda unity, place: unity.tables.list(place.catalog, place.schema),
    lambda unity, name: unity.tables.get(name),
    lambda unity, name, _: unity.tables.delete(name),
).serve()
Kind(
    "functions",
    Function,
    in_schema,
    lambda unity, place: unity.functions.list(place.catalog, place.schema),
    lambda unity, name: unity.functions.get(name),
    lambda unity, name, _: unity.functions.delete(name),
).serve()
