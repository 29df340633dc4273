"""The engines of Unity Catalog, put together."""

from dataclasses import dataclass

from local_workspace.engines.catalog.documents import Made
from local_workspace.engines.catalog.engine import CatalogEngine
from local_workspace.engines.catalog.functions import FunctionsEngine
from local_workspace.engines.catalog.grants import Find, GrantsEngine
from local_workspace.engines.catalog.kept import KeptDocuments
from local_workspace.engines.catalog.metastore import Metastore, Sessions
from local_workspace.engines.catalog.metastores import MetastoresEngine
from local_workspace.engines.catalog.spark_notes import SparkNotes
from local_workspace.engines.catalog.tables import TablesEngine
from local_workspace.engines.catalog.volume_paths import VolumePaths
from local_workspace.engines.catalog.volumes import VolumesEngine
from local_workspace.engines.models import ModelsEngine
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store


@dataclass(frozen=True)
class UnityCatalog:
    """Unity Catalog's engines over one home."""

    catalog: CatalogEngine
    volumes: VolumesEngine
    volume_paths: VolumePaths
    tables: TablesEngine
    functions: FunctionsEngine
    models: ModelsEngine
    grants: GrantsEngine
    metastores: MetastoresEngine


def unity_catalog(home: Home, store: Store, spark: Sessions, user: str, default_storage: bool = False) -> UnityCatalog:
    """The engines of `home`; `user` makes and owns everything.

    With `default_storage` there is a catalog from the start, and none can be created.
    """
    notes, metastore = SparkNotes(home, store, user), Metastore(spark, KeptDocuments(home))
    volumes = VolumesEngine(notes, home.volumes)
    models = ModelsEngine(home, store, lambda schema: catalog.get_schema(schema), user, notes.write)
    catalog = CatalogEngine(notes, metastore, volumes, models, str(home.tables), default_storage)
    tables, functions = TablesEngine(notes, metastore, catalog), FunctionsEngine(notes, metastore, catalog)
    find: dict[str, Find] = {
        "catalog": catalog.get_catalog,
        "schema": catalog.get_schema,
        "table": tables.described,
        "volume": volumes.get,
        "function": _either(models.get, functions.get),  # Unity Catalog's word for a registered model, too
    }
    paths = VolumePaths(catalog, volumes)
    grants, metastores = GrantsEngine(notes, find), MetastoresEngine(notes, catalog, str(home.tables))
    return UnityCatalog(catalog, volumes, paths, tables, functions, models, grants, metastores)


def _either(first: Find, second: Find) -> Find:
    def find(full_name: str) -> Made:
        try:
            return first(full_name)
        except ApiError as error:
            if error.status != 404:
                raise
            return second(full_name)

    return find
