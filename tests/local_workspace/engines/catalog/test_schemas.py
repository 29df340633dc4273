"""Catalogs, schemas and volumes: owners, times, comments and their changes."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from databricks.sdk.service.catalog import PermissionsChange, Privilege, SecurableType, VolumeType

ME = "you@localhost"


@pytest.fixture(scope="module")
def cellar(w, catalog, spark):
    name = w.schemas.create("cellar", catalog, comment="it's cold\\").full_name
    yield name
    w.schemas.delete(name, force=True)


def test_a_schema_shows_its_comment_owner_and_times(w, cellar, spark):
    schema = w.schemas.get(cellar)
    assert (schema.comment, schema.owner, schema.created_by) == ("it's cold\\", ME, ME)
    assert 1_700_000_000_000 < schema.created_at <= schema.updated_at and schema.schema_id
    spark.sql(f"COMMENT ON SCHEMA {cellar} IS 'said in SQL'").collect()
    assert w.schemas.get(cellar).comment == "said in SQL"


def test_a_schema_that_sql_made_has_an_owner_and_times_as_well(w, catalog, spark):
    spark.sql(f"CREATE SCHEMA {catalog}.attic").collect()
    schema = w.schemas.get(f"{catalog}.attic")
    assert schema.owner == ME and schema.created_at > 1_700_000_000_000
    w.schemas.delete(schema.full_name)


def test_a_schema_is_described_and_given_away(w, cellar, cook):
    before = w.schemas.get(cellar)
    after = w.schemas.update(cellar, comment="it's warm", owner=cook)
    assert (after.comment, after.owner) == ("it's warm", cook)
    assert after.updated_at > before.updated_at and after.created_at == before.created_at
    assert after.as_dict() == w.schemas.get(cellar).as_dict()


def test_a_catalog_is_described_and_given_away(w, catalog, cook):
    before = w.catalogs.get(catalog)
    assert before.metastore_id == w.schemas.get(f"{catalog}.default").metastore_id and before.storage_root
    after = w.catalogs.update(catalog, comment="all of it", owner=cook)
    assert (after.comment, after.owner) == ("all of it", cook)
    assert w.catalogs.get(catalog).as_dict() == after.as_dict()
    w.catalogs.update(catalog, comment=before.comment or "", owner=before.owner)


def test_a_volume_is_described_and_given_away(w, cellar, cook):
    made = w.volumes.create(*cellar.split("."), "racks", VolumeType.MANAGED, comment="wood")
    assert (made.owner, made.created_by) == (ME, ME) and made.volume_id
    after = w.volumes.update(made.full_name, comment="steel", owner=cook)
    assert (after.comment, after.owner) == ("steel", cook)
    assert w.volumes.read(made.full_name).as_dict() == after.as_dict()


def test_new_names_are_refused(w, catalog, cellar):
    for update, name in ((w.catalogs.update, catalog), (w.schemas.update, cellar), (w.volumes.update, f"{cellar}.x")):
        with pytest.raises(BadRequest, match="new_name: a local workspace does not support this field"):
            update(name, new_name="another")


def test_information_schema_belongs_to_the_catalog(w, catalog, spark):
    name = f"{catalog}.information_schema"
    assert w.schemas.get(name).owner == "System user"
    assert {schema.name for schema in w.schemas.list(catalog)} >= {"default", "information_schema"}
    for refused in (w.schemas.delete, lambda full_name: w.schemas.update(full_name, comment="mine")):
        with pytest.raises(BadRequest, match="can't be changed"):
            refused(name)
    with pytest.raises(ResourceAlreadyExists):
        w.schemas.create("information_schema", catalog)


def test_privileges_are_inherited_from_the_schema_and_the_catalog(w, catalog, cellar, cook):
    volume = w.volumes.create(*cellar.split("."), "shelf", VolumeType.MANAGED).full_name
    for kind, name, privilege in (
        ("catalog", catalog, Privilege.USE_CATALOG),
        ("schema", cellar, Privilege.READ_VOLUME),
        ("volume", volume, Privilege.WRITE_VOLUME),
    ):
        w.grants.update(kind, name, changes=[PermissionsChange(add=[privilege], principal=cook)])
    [held] = w.grants.get_effective("volume", volume, principal=cook).privilege_assignments
    assert [(found.privilege, found.inherited_from_type, found.inherited_from_name) for found in held.privileges] == [
        (Privilege.WRITE_VOLUME, None, None),
        (Privilege.USE_CATALOG, SecurableType.CATALOG, catalog),
        (Privilege.READ_VOLUME, SecurableType.SCHEMA, cellar),
    ]
    with pytest.raises(BadRequest, match="Privilege SELECT is not applicable to this entity"):
        w.grants.update("volume", volume, changes=[PermissionsChange(add=[Privilege.SELECT], principal=cook)])
    w.grants.update("catalog", catalog, changes=[PermissionsChange(remove=[Privilege.USE_CATALOG], principal=cook)])


def test_what_is_above_volumes_is_listed_as_directories(w, catalog, cellar):
    w.volumes.create(*cellar.split("."), "bottles", VolumeType.MANAGED)
    assert catalog in [found.name for found in w.files.list_directory_contents("/Volumes")]
    schemas = list(w.files.list_directory_contents(f"/Volumes/{catalog}"))
    assert {"cellar", "default"} <= {found.name for found in schemas} and all(found.is_directory for found in schemas)
    volumes = w.files.list_directory_contents(f"/Volumes/{cellar.replace('.', '/')}/")
    assert f"/Volumes/{catalog}/cellar/bottles" in [found.path for found in volumes]
    with pytest.raises(NotFound):
        list(w.files.list_directory_contents(f"/Volumes/{catalog}/nowhere"))


@pytest.mark.parametrize("nobody", ["chef@localhost", "00000000-0000-4000-8000-000000000000", "users", "admins"])
def test_nobody_unknown_to_unity_catalog_is_granted_or_given_anything(w, catalog, cellar, nobody):
    change = PermissionsChange(add=[Privilege.USE_CATALOG], principal=nobody)
    for refused in (
        lambda: w.grants.update("catalog", catalog, changes=[change]),
        lambda: w.schemas.update(cellar, owner=nobody),
        lambda: w.registered_models.update(f"{cellar}.none", owner=nobody),
    ):
        with pytest.raises(NotFound, match=f"Could not find principal with name {nobody}") as error:
            refused()
        assert error.value.error_code == "PRINCIPAL_DOES_NOT_EXIST"
    assert nobody not in [each.principal for each in w.grants.get("catalog", catalog).privilege_assignments or []]


def test_all_users_of_the_account_are_granted_something(w, cellar):
    change = PermissionsChange(add=[Privilege.USE_SCHEMA], principal="account users")
    held = w.grants.update("schema", cellar, changes=[change]).privilege_assignments
    assert "account users" in [each.principal for each in held]
