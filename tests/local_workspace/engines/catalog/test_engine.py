import io

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists, Unauthenticated
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from pyspark.errors.exceptions.connect import UnsupportedOperationException


@pytest.fixture(scope="module")
def schema(w, catalog):
    yield w.schemas.create("pantry", catalog).name
    w.schemas.delete(f"{catalog}.pantry", force=True)


def test_a_second_catalog_is_refused_with_the_way_to_have_one(w, catalog):
    with pytest.raises(BadRequest, match=f"'{catalog}'.*LOCAL_WORKSPACE_HOME"):
        w.catalogs.create("another")
    with pytest.raises(ResourceAlreadyExists):
        w.catalogs.create(catalog)


@pytest.mark.parametrize("name", ["my-schema", "1st", "a;b", "", "x" * 129])
def test_a_name_that_is_no_identifier_is_refused(w, catalog, name):
    with pytest.raises(BadRequest, match="is not an identifier"):
        w.schemas.create(name, catalog)


def test_a_schema_is_listed_and_found_and_made_once(w, catalog, schema):
    assert schema in [found.name for found in w.schemas.list(catalog)]
    with pytest.raises(ResourceAlreadyExists):
        w.schemas.create(schema, catalog)
    with pytest.raises(NotFound, match="nowhere"):
        w.schemas.get(f"{catalog}.nowhere")


def test_a_table_shows_its_columns_and_can_be_dropped(w, catalog, schema, spark):
    spark.sql(f"CREATE TABLE {schema}.salt AS SELECT 1L AS id, 'coarse' AS kind").collect()
    table = w.tables.get(f"{catalog}.{schema}.salt")
    assert [(column.name, column.type_text) for column in table.columns] == [("id", "bigint"), ("kind", "string")]
    assert [found.name for found in w.tables.list(catalog, schema)] == ["salt"]
    assert w.tables.exists(table.full_name).table_exists
    w.tables.delete(table.full_name)
    with pytest.raises(NotFound):
        w.tables.get(table.full_name)
    for missing in (table.full_name, f"{catalog}.nowhere.salt", "another.pantry.salt"):
        assert not w.tables.exists(missing).table_exists


def test_a_function_is_found_and_dropped(w, catalog, schema, spark):
    spark.sql(f"CREATE FUNCTION {schema}.twice(n BIGINT) RETURNS BIGINT RETURN 2 * n").collect()
    assert [found.name for found in w.functions.list(catalog, schema)] == ["twice"]
    w.functions.delete(f"{catalog}.{schema}.twice")
    with pytest.raises(NotFound):
        w.functions.get(f"{catalog}.{schema}.twice")


def test_a_part_of_a_file_is_read_and_a_changed_one_is_not_gone_on_with(w, catalog, schema):
    w.volumes.create(catalog, schema, "parts", VolumeType.MANAGED)
    path = f"/Volumes/{catalog}/{schema}/parts/digits"
    w.files.upload(path, io.BytesIO(b"0123456789"))
    with httpx.Client(base_url=w.config.host, headers={"Authorization": f"Bearer {w.config.token}"}) as http:

        def read(**headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return http.get(f"/api/2.0/fs/files{path}", headers=named)

        parts = {"bytes=0-3": b"0123", "bytes=-2": b"89", "bytes=8-": b"89"}
        assert {given: read(range=given).content for given in parts} == parts
        for unreadable in (f"bytes={'9' * 5000}-", "bytes=3-1", "lines=1", "bytes=abc", "bytes"):
            answer = read(range=unreadable)
            assert (answer.status_code, answer.content) == (200, b"0123456789")
        behind = read(range="bytes=10-")
        assert (behind.status_code, behind.headers["Content-Range"]) == (416, "bytes */10")
        assert "which has 10 bytes" in behind.json()["message"]
        since = read().headers["Last-Modified"]
        assert read(range="bytes=5-", if_unmodified_since=since).content == b"56789"
        changed = read(range="bytes=5-", if_unmodified_since="Thu, 01 Jan 1970 00:00:00 GMT")
        assert (changed.status_code, changed.json()["error_code"]) == (412, "PRECONDITION_FAILED")
        assert read(if_unmodified_since="yesterday").status_code == 200


def test_directories_above_a_volume_are_there(w, catalog, schema):
    for path in ("/Volumes", f"/Volumes/{catalog}", f"/Volumes/{catalog}/{schema}"):
        w.files.get_directory_metadata(path)
    assert catalog in [entry.name for entry in w.dbutils.fs.ls("/Volumes")]
    with pytest.raises(NotFound):
        w.files.get_directory_metadata(f"/Volumes/{catalog}/nowhere")


def test_files_of_a_volume_are_written_read_listed_and_removed(w, catalog, schema, tmp_path):
    w.volumes.create(catalog, schema, "shelf", VolumeType.MANAGED)
    folder = f"/Volumes/{catalog}/{schema}/shelf"
    (tmp_path / "jar").write_bytes(b"pepper")
    with (tmp_path / "jar").open("rb") as content:
        w.files.upload(f"{folder}/spices/jar.txt", content)
    assert w.files.download(f"{folder}/spices/jar.txt").contents.read() == b"pepper"
    assert [entry.name for entry in w.files.list_directory_contents(folder)] == ["spices"]
    w.files.create_directory(f"{folder}/spices/sweet")
    entries = w.files.list_directory_contents(f"{folder}/spices", page_size=1)
    assert [(entry.name, entry.file_size) for entry in entries] == [("jar.txt", 6), ("sweet", None)]
    with (tmp_path / "jar").open("rb") as content, pytest.raises(ResourceAlreadyExists):
        w.files.upload(f"{folder}/spices/jar.txt", content, overwrite=False)
    w.files.delete(f"{folder}/spices/jar.txt")
    with pytest.raises(NotFound):
        w.files.get_metadata(f"{folder}/spices/jar.txt")


def test_names_of_volumes_are_kept_in_lower_case_and_found_in_any(w, catalog, schema):
    """Kernels look for the folder of a volume in lower case, and so does Spark."""
    made = w.volumes.create(catalog, schema.upper(), "TopShelf", VolumeType.MANAGED)
    assert made.full_name == f"{catalog}.{schema}.topshelf"
    with pytest.raises(ResourceAlreadyExists):
        w.volumes.create(catalog, schema, "topshelf", VolumeType.MANAGED)
    w.files.upload(f"/Volumes/{catalog}/{schema.upper()}/TopShelf/a", io.BytesIO(b"salt"))
    assert w.files.download(f"/Volumes/{catalog}/{schema}/topshelf/a").contents.read() == b"salt"
    assert w.volumes.read(made.full_name.upper()).name == "topshelf"
    assert "topshelf" in [volume.name for volume in w.volumes.list(catalog, schema.upper())]
    w.volumes.delete(f"{catalog}.{schema}.TOPSHELF")
    assert "topshelf" not in [volume.name for volume in w.volumes.list(catalog, schema)]


@pytest.mark.parametrize("path", ["/Volumes/{}/pantry/shelf/../../x", "/etc/passwd", "/Volumes/{}"])
def test_a_path_outside_a_volume_is_refused(w, catalog, path):
    with pytest.raises(BadRequest, match="not a path in a volume"):
        w.files.delete(path.format(catalog))


def test_a_wrong_or_missing_token_is_refused(workspace):
    for token in ("wrong", "x" * 32):
        with pytest.raises(Unauthenticated, match="Wrong or missing token"):
            WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=token).current_user.me()


def test_grants_are_kept_and_shown(w, catalog, schema, cook):
    name = f"{catalog}.{schema}"
    add = PermissionsChange(add=[Privilege.USE_SCHEMA, Privilege.SELECT], principal=cook)
    for _ in range(2):
        w.grants.update("schema", name, changes=[add])
    remove = PermissionsChange(remove=[Privilege.SELECT], principal=cook)
    shown = w.grants.update("schema", name, changes=[remove])
    held = w.grants.get("schema", name)
    assert shown.as_dict() == held.as_dict()
    assert [(each.principal, each.privileges) for each in held.privilege_assignments] == [
        (cook, [Privilege.USE_SCHEMA])
    ]
    with pytest.raises(NotFound):
        w.grants.update("schema", f"{catalog}.nowhere", changes=[add])


@pytest.fixture
def grant(w, catalog, cook):
    """Grants a privilege on something, and returns a function that says how often it is granted now."""

    def on(kind, name, privilege):
        add = PermissionsChange(add=[privilege], principal=cook)
        w.grants.update(kind, f"{catalog}.{name}", changes=[add])
        return lambda: len(w.grants.get(kind, f"{catalog}.{name}").privilege_assignments or [])

    return on


def test_grants_end_with_what_they_are_on(w, catalog, spark, grant):
    def make():
        w.schemas.create("larder", catalog)
        spark.sql("CREATE TABLE larder.salt AS SELECT 1 AS id")
        spark.sql("CREATE FUNCTION larder.twice(n BIGINT) RETURNS BIGINT RETURN 2 * n")
        w.registered_models.create(catalog_name=catalog, schema_name="larder", name="taster")
        w.volumes.create(catalog, "larder", "shelf", VolumeType.MANAGED)

    make()
    of_schema = grant("schema", "larder", Privilege.USE_SCHEMA)
    of_table, of_function = (
        grant("table", "larder.salt", Privilege.SELECT),
        grant("function", "larder.twice", Privilege.EXECUTE),
    )
    others = [
        grant("function", "larder.taster", Privilege.EXECUTE),
        grant("volume", "larder.shelf", Privilege.READ_VOLUME),
        of_schema,
    ]
    privileges = "SELECT count(*) AS n FROM information_schema.table_privileges WHERE table_name = 'salt'"
    assert spark.sql(privileges).first().n == 1
    spark.sql("ALTER TABLE larder.salt ADD COLUMN kind STRING")
    assert of_table() == 1
    spark.sql("DROP TABLE larder.salt")
    assert spark.sql(privileges).first().n == 0
    spark.sql("CREATE TABLE larder.salt AS SELECT 1 AS id")
    grant("table", "larder.salt", Privilege.SELECT)
    w.tables.delete(f"{catalog}.larder.salt")
    w.functions.delete(f"{catalog}.larder.twice")
    spark.sql("CREATE TABLE larder.salt AS SELECT 1 AS id")
    spark.sql("CREATE FUNCTION larder.twice(n BIGINT) RETURNS BIGINT RETURN 2 * n")
    assert (of_table(), of_function()) == (0, 0)
    w.schemas.delete(f"{catalog}.larder", force=True)
    make()
    assert [count() for count in others] == [0, 0, 0]
    w.schemas.delete(f"{catalog}.larder", force=True)


def test_a_schema_is_deleted_with_its_models_and_volumes_and_only_by_force(w, catalog, spark):
    w.schemas.create("attic", catalog)
    w.registered_models.create(catalog_name=catalog, schema_name="attic", name="taster")
    with pytest.raises(BadRequest, match="still holds the model"):
        w.schemas.delete(f"{catalog}.attic")
    for cascade in ("", "CASCADE"):
        with pytest.raises(UnsupportedOperationException, match=r"holds 'taster'.*w\.schemas\.delete"):
            spark.sql(f"DROP SCHEMA attic {cascade}")
    w.schemas.delete(f"{catalog}.attic", force=True)
    w.schemas.create("attic", catalog)
    with pytest.raises(NotFound):
        w.registered_models.get(f"{catalog}.attic.taster")
    spark.sql("DROP SCHEMA attic")


MALFORMED = [
    ("POST", "schemas", {"name": None, "catalog_name": []}, "name"),
    ("POST", "schemas", {"name": "x", "catalog_name": []}, "catalog_name"),
    ("POST", "schemas", {"name": "x"}, "catalog_name is missing"),
    ("POST", "catalogs", {"name": {}}, "name"),
    ("POST", "catalogs", [], "body"),
    ("POST", "volumes", {"name": "x", "catalog_name": "y", "schema_name": 5}, "schema_name"),
    ("POST", "schemas", {"name": "x", "catalog_name": "y", "comment": 5}, "comment"),
    ("POST", "catalogs", {"name": "x", "storage_root": "s3://x"}, "storage_root: a local workspace does not support"),
    ("POST", "schemas", {"name": "x", "catalog_name": "y", "properties": {"a": "b"}}, "properties: a local workspace"),
    (
        "POST",
        "volumes",
        {"name": "x", "catalog_name": "y", "schema_name": "z", "volume_type": "EXTERNAL"},
        "volume_type",
    ),
    ("PATCH", "permissions/schema/{schema}", {"changes": "x"}, "changes"),
    ("PATCH", "permissions/schema/{schema}", {"changes": ["x"]}, "changes.0"),
    ("PATCH", "permissions/schema/{schema}", {"changes": [{"add": ["SELECT"]}]}, "principal is missing"),
    ("PATCH", "permissions/schema/{schema}", {"changes": [{"principal": "x", "add": "SELECT"}]}, "add"),
    ("PATCH", "permissions/kitchen/{schema}", {"changes": []}, "'kitchen' has no permissions"),
    ("GET", "schemas", None, "catalog_name is missing"),
    ("GET", "schemas?catalog_name={catalog}&max_results=-1", None, "max_results"),
    ("GET", "schemas?catalog_name={catalog}&page_token=made-up", None, "page_token"),
    ("GET", "tables/{schema}.a%00b", None, "full_name"),
    ("DELETE", "schemas/{catalog}.default?force=true", None, "default"),
]


@pytest.mark.parametrize(("method", "path", "body", "text"), MALFORMED)
def test_a_malformed_request_is_refused_and_names_the_field(w, workspace, catalog, schema, method, path, body, text):
    path = path.format(catalog=catalog, schema=f"{catalog}.{schema}")
    answer = httpx.request(
        method,
        f"{workspace['DATABRICKS_HOST']}/api/2.1/unity-catalog/{path}",
        headers={"Authorization": f"Bearer {workspace['DATABRICKS_TOKEN']}"},
        **({} if body is None else {"json": body}),
    )
    assert answer.status_code == 400, answer.text
    assert text in answer.json()["message"]


def test_a_schema_that_holds_something_is_kept_unless_forced(w, catalog, spark):
    w.schemas.create("full", catalog)
    spark.sql("CREATE TABLE full.jar AS SELECT 1 AS id").collect()
    with pytest.raises(BadRequest, match="SCHEMA_NOT_EMPTY"):
        w.schemas.delete(f"{catalog}.full")
    w.schemas.delete(f"{catalog}.full", force=True)


def test_a_view_over_a_lost_table_says_so(w, catalog, schema, spark):
    spark.sql(f"CREATE TABLE {schema}.base AS SELECT 1 AS id").collect()
    spark.sql(f"CREATE VIEW {schema}.above AS SELECT * FROM {schema}.base").collect()
    spark.sql(f"DROP TABLE {schema}.base").collect()
    with pytest.raises(BadRequest, match="TABLE_OR_VIEW_NOT_FOUND"):
        w.tables.get(f"{catalog}.{schema}.above")
    w.tables.delete(f"{catalog}.{schema}.above")


def test_a_listing_comes_in_pages(w, catalog, schema):
    for name in ("one", "two", "three"):
        w.volumes.create(catalog, schema, name, VolumeType.MANAGED)
    assert [volume.name for volume in w.volumes.list(catalog, schema, max_results=2)][-3:] == ["one", "two", "three"]


@pytest.mark.parametrize("name", ["samples", "system"])
def test_no_catalog_can_take_the_name_of_one_that_every_workspace_has(w, name):
    with pytest.raises(ResourceAlreadyExists, match=f"'{name}'"):
        w.catalogs.create(name)
