"""Registered models as MLflow's own client and the Databricks SDK see them: one store behind both."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from mlflow.entities.model_registry.model_version_search import ModelVersionSearch
from mlflow.exceptions import MlflowException

import signatures
from model_workspace import running

DOUBLER = Path(__file__).parents[3] / "support" / "models" / "doubler.py"
NAME = "kitchen.ai.doubler"


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    # MLflow completes names from the session that is active in the process, here one of other tests.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlflow.store._unity_catalog.registry.rest_store._get_active_spark_session", lambda: None)
        with running(tmp_path_factory.mktemp("models") / "home") as workspace:
            yield workspace


@pytest.fixture(scope="module")
def w(connected) -> WorkspaceClient:
    return WorkspaceClient(config=Config(retry_timeout_seconds=5))


@pytest.fixture(scope="module")
def client(connected) -> mlflow.MlflowClient:
    """A client, and two versions of the model NAME."""
    mlflow.set_experiment("models")
    for _ in range(2):
        mlflow.pyfunc.log_model(
            name="doubler",
            python_model=str(DOUBLER),
            signature=signatures.DOUBLER,
            registered_model_name=NAME,
            pip_requirements=["mlflow"],
        )
    return mlflow.MlflowClient()


def test_a_version_that_was_logged_is_loaded_with_its_files_from_the_registry(client, connected):
    client.set_registered_model_alias(NAME, "champion", "2")
    for uri in (f"models:/{NAME}/2", f"models:/{NAME}@champion"):
        assert list(mlflow.pyfunc.load_model(uri).predict([{"x": 21}])) == [42]
    assert (connected.models.folder(NAME, 2) / "MLmodel").exists()
    version = client.get_model_version(NAME, "2")
    assert (version.status, version.aliases) == ("READY", ["champion"])
    assert "/models/m-" in version.source


def test_what_a_search_finds_has_no_tags_and_aliases(client):
    client.set_model_version_tag(NAME, "1", "fingerprint", "a1")
    client.set_registered_model_alias(NAME, "first", "1")
    found = client.search_model_versions(f"name = '{NAME}'")
    assert {int(each.version) for each in found} == {1, 2}
    assert all(isinstance(each, ModelVersionSearch) and callable(each.tags) for each in found)
    assert client.get_model_version(NAME, "1").tags == {"fingerprint": "a1"}
    client.delete_model_version_tag(NAME, "1", "fingerprint")
    assert client.get_model_version(NAME, "1").tags == {}
    client.delete_registered_model_alias(NAME, "first")
    assert "first" not in client.get_registered_model(NAME).aliases
    assert [each.name for each in client.search_registered_models()] == [NAME]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [(None, "Missing filter"), ("name like '%doubler'", "Unsupported filter query"), ("tags.a = 'b'", "Unsupported")],
)
def test_a_search_knows_the_filters_that_unity_catalog_knows(client, wanted, told):
    with pytest.raises(MlflowException, match=told) as caught:
        client.search_model_versions(wanted)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        # The client raises an error of its own for these, and loses the code with it.
        ("doubler", "INTERNAL_ERROR", "all three levels.*legacy Workspace Model Registry"),
        ("ai.doubler", "INTERNAL_ERROR", "all three levels"),
        ("kitchen.ai.", "INTERNAL_ERROR", "all three levels"),
        ("kitchen.ai.two words", "INVALID_PARAMETER_VALUE", "not a valid name"),
        ("kitchen.cellar.doubler", "RESOURCE_DOES_NOT_EXIST", "Schema 'kitchen.cellar' does not exist"),
        (NAME, "RESOURCE_ALREADY_EXISTS", "already exists"),
    ],
)
def test_a_model_needs_a_name_of_its_own_in_a_schema_that_exists(client, name, code, told):
    with pytest.raises(MlflowException, match=told) as caught:
        client.create_registered_model(name)
    assert caught.value.error_code == code


def test_names_are_not_case_sensitive(client):
    assert client.get_registered_model("Kitchen.AI.Doubler").name == NAME


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_registered_model("kitchen.ai.nothing"),
        lambda client: client.search_model_versions("name = 'kitchen.ai.nothing'"),
        lambda client: client.get_model_version(NAME, "99"),
        lambda client: client.get_model_version_by_alias(NAME, "nobody"),
        lambda client: client.set_registered_model_alias(NAME, "future", "99"),
        lambda client: client.delete_model_version(NAME, "99"),
    ],
)
def test_what_does_not_exist_is_named(client, call):
    with pytest.raises(MlflowException, match="does not exist") as caught:
        call(client)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("key", ["mlflow.source.type", "a-b", "a=b", "a/b", "a:b", "a,b", ""])
def test_tags_that_unity_catalog_refuses_are_refused(client, key):
    with pytest.raises(MlflowException, match="reserved characters|Tag|[kK]ey"):
        client.set_model_version_tag(NAME, "1", key, "value")


@pytest.mark.filterwarnings("ignore:.*transition_model_version_stage:FutureWarning")
def test_stages_are_refused(client):
    with pytest.raises(MlflowException, match="unsupported for models in the Unity Catalog"):
        client.transition_model_version_stage(NAME, "1", "Production")


def test_a_model_without_signature_is_refused(client):
    class Untyped(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):  # noqa: ARG002  MLflow's arguments
            return model_input

    with pytest.raises(MlflowException, match="signature"):
        mlflow.pyfunc.log_model(
            name="untyped", python_model=Untyped(), registered_model_name="kitchen.ai.untyped", pip_requirements=[]
        )
    assert list(client.search_model_versions("name = 'kitchen.ai.untyped'")) == []


def test_a_registered_versions_files_stay_as_they_are(client, w):
    path = f"/Models/{NAME.replace('.', '/')}/1/MLmodel"
    with pytest.raises(BadRequest, match="registered"):
        w.files.upload(path, io.BytesIO(b"something else"), overwrite=True)
    with pytest.raises(BadRequest, match="registered"):
        w.files.delete(path)
    with pytest.raises(NotFound, match="does not exist"):
        w.files.upload(f"/Models/{NAME.replace('.', '/')}/99/MLmodel", io.BytesIO())
    assert b"python_function" in w.files.download(path).contents.read()


def test_the_sdk_sees_the_same_model(client, w):
    client.update_registered_model(NAME, "twice as much")
    client.set_registered_model_alias(NAME, "champion", "2")
    found = w.registered_models.get(NAME, include_aliases=True)
    assert (found.catalog_name, found.schema_name, found.name) == ("kitchen", "ai", "doubler")
    assert found.comment == "twice as much"
    assert [(each.alias_name, each.version_num) for each in found.aliases] == [("champion", 2)]
    assert not w.registered_models.get(NAME).aliases
    assert [each.full_name for each in w.registered_models.list(catalog_name="kitchen", schema_name="ai")][0] == NAME
    assert [each.version for each in w.model_versions.list(NAME)] == [2, 1]
    assert w.model_versions.get_by_alias(NAME, "champion").version == 2
    assert w.model_versions.get(NAME, 2).status.value == "READY"

    w.registered_models.set_alias(NAME, "second", 2)
    w.model_versions.update(NAME, 2, comment="by the SDK")
    version = client.get_model_version_by_alias(NAME, "second")
    assert (version.version, version.description) == ("2", "by the SDK")
    w.registered_models.delete_alias(NAME, "second")
    with pytest.raises(NotFound, match="second"):
        w.model_versions.get_by_alias(NAME, "second")


def test_the_sdk_creates_changes_and_deletes(client, w, connected):
    made = w.registered_models.create(catalog_name="kitchen", schema_name="ai", name="brief", comment="for a moment")
    assert made.full_name == "kitchen.ai.brief"
    with pytest.raises(ResourceAlreadyExists):
        w.registered_models.create(catalog_name="kitchen", schema_name="ai", name="brief")
    version = client.create_model_version("kitchen.ai.brief", f"models:/{NAME}/1")
    assert version.version == "1"
    w.registered_models.set_alias("kitchen.ai.brief", "only", 1)
    w.model_versions.delete("kitchen.ai.brief", 1)
    assert client.get_registered_model("kitchen.ai.brief").aliases == {}
    assert client.create_model_version("kitchen.ai.brief", f"models:/{NAME}/1").version == "2"
    w.registered_models.delete("kitchen.ai.brief")
    with pytest.raises(MlflowException, match="does not exist"):
        client.get_model_version("kitchen.ai.brief", "2")
    assert not connected.models.folder("kitchen.ai.brief", 2).exists()
