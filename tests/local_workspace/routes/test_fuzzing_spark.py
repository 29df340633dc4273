"""Whatever is sent to Unity Catalog's and to SQL's routes, the answer is no 5xx and comes soon."""

import pytest

from api_fuzzing import Target, bearer, fuzz

pytestmark = pytest.mark.slow

SCHEMA = "fuzzing"


@pytest.fixture(scope="module")
def catalog(w, catalog):
    """Its name; the schemas that requests have made go away."""
    kept = {schema.full_name for schema in w.schemas.list(catalog)}
    yield catalog
    for made in {schema.full_name for schema in w.schemas.list(catalog)} - kept:
        w.schemas.delete(made, force=True)


@pytest.fixture(scope="module")
def warehouse(w):
    """The id of one; those that requests have made go away."""
    kept = {found.id for found in w.warehouses.list()}
    yield w.warehouses.create(name="fuzzing", cluster_size="2X-Small").id
    for made in {found.id for found in w.warehouses.list()} - kept:
        w.warehouses.delete(made)


@pytest.mark.parametrize(
    ("paths", "full_name"),
    [
        (("/catalogs", "/schemas", "/functions"), "{catalog}.{schema}"),
        (("/tables", "/volumes", "/permissions"), "{catalog}.{schema}.salt"),
        (("/api/2.0/sql",), ""),
    ],
    ids=["schemas", "tables", "sql"],
)
def test_no_request_fails_or_hangs(workspace, spark, catalog, warehouse, paths, full_name):
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}").collect()  # an earlier request may have deleted it
    spark.sql(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.salt AS SELECT 1L AS id").collect()
    known = {
        "catalog_name": catalog,
        "schema_name": SCHEMA,
        "full_name": full_name.format(catalog=catalog, schema=SCHEMA),
        "kind": "table",
        "warehouse_id": warehouse,
        "statement": "SELECT 1",
        "wait_timeout": "5s",
    }
    target = Target(workspace["DATABRICKS_HOST"], bearer(workspace["DATABRICKS_TOKEN"]), examples=2, known=known)
    document = target.document()
    document["paths"] = {path: item for path, item in document["paths"].items() if any(part in path for part in paths)}
    failures, called = fuzz(target, document)
    assert not failures, "\n".join(failures)
    assert len(called) >= 2 * len(paths)
