from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from databricks.sdk.errors import NotFound

import signatures
from caspers.agents import deploy

pytestmark = pytest.mark.slow

FILE = Path(__file__).parents[2] / "support" / "models" / "doubler.py"
SCORES = {"schema": 1.0, "all": 0.95}


@pytest.fixture(scope="module")
def ws(traced):
    return traced


@pytest.fixture(scope="module")
def model(ws):
    """The name of a model in a schema of its own."""
    ws.w.schemas.create("deploy", ws.catalog)
    yield f"{ws.catalog}.deploy.echo"
    ws.w.schemas.delete(f"{ws.catalog}.deploy")


@pytest.fixture(scope="module")
def versions(ws, model):
    """Two versions of the model, alike."""
    mlflow.set_experiment("deploy")
    with deploy.quietly():
        for _ in range(2):
            mlflow.pyfunc.log_model(
                name="echo",
                python_model=str(FILE),
                signature=signatures.DOUBLER,
                registered_model_name=model,
                pip_requirements=["mlflow"],
            )
    yield ws.mlflow.MlflowClient()
    ws.w.registered_models.delete(model)


def served(ws):
    return ws.w.serving_endpoints.get("echo").config.served_entities[0].entity_version


def test_requirements_are_pinned_to_what_is_installed():
    assert f"mlflow=={metadata.version('mlflow')}" in deploy.requirements()
    assert f"databricks-sdk[openai]=={metadata.version('databricks-sdk')}" in deploy.requirements()
    assert all("==" in each for each in deploy.requirements())


def test_a_fingerprint_changes_with_settings_code_and_data(tmp_path, monkeypatch):
    monkeypatch.setattr(deploy, "PACKAGE", str(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    marks = [deploy.fingerprint({}), deploy.fingerprint({"catalog": "x"})]
    for name in ("agent.py", "texts.jsonl"):
        (tmp_path / name).write_text("something")
        marks.append(deploy.fingerprint({}))
    assert len(set(marks)) == 4
    (tmp_path / "__pycache__" / "agent.pyc").write_bytes(b"compiled")
    assert deploy.fingerprint({}) == marks[-1]


def test_a_model_that_is_not_registered_has_no_version(ws, model):
    assert deploy.find_version(ws, f"{model}_to_be", "a-mark") is None


def test_a_version_is_known_by_its_fingerprint(ws, model, versions):
    assert deploy.find_version(ws, model, "a-mark") is None
    deploy.tag_fingerprint(ws, model, "1", "a-mark")
    assert deploy.find_version(ws, model, "a-mark") == "1"
    experiment = ws.mlflow.get_experiment_by_name("deploy").experiment_id
    assert versions.get_model_version(model, "1").tags["experiment"] == experiment


@pytest.mark.parametrize(
    ("tags", "variables"),
    [
        ({"experiment": "7"}, {"ENABLE_MLFLOW_TRACING": "true", "MLFLOW_EXPERIMENT_ID": "7"}),
        ({"fingerprint": "a-mark"}, {}),
    ],
)
def test_an_endpoint_is_traced_into_the_experiment_of_its_version(tags, variables):
    entity = deploy.entity(with_secrets({}, tags), "kitchens.ai.refund_agent", "3")
    assert (entity.name, entity.entity_version, entity.environment_vars) == ("refund_agent", "3", variables)


def with_secrets(scopes: dict[str, list[str]], tags: dict[str, str]) -> SimpleNamespace:
    """A workbook in the catalog `kitchens`, with the keys of these secret scopes, and `tags` on every version."""

    def list_secrets(scope: str) -> list[SimpleNamespace]:
        if scope not in scopes:
            raise NotFound(f"Scope {scope} does not exist!")
        return [SimpleNamespace(key=key) for key in scopes[scope]]

    client = SimpleNamespace(get_model_version=lambda *_: SimpleNamespace(tags=tags))
    w = SimpleNamespace(
        secrets=SimpleNamespace(list_secrets=list_secrets), config=SimpleNamespace(host="https://kitchens.example")
    )
    return SimpleNamespace(catalog="kitchens", w=w, mlflow=SimpleNamespace(MlflowClient=lambda: client))


def test_an_endpoint_signs_in_with_the_credentials_of_a_secret_scope_whose_values_it_does_not_read():
    ws = with_secrets({"caspers_agents_kitchens": ["client_id", "client_secret"]}, {})
    assert deploy.entity(ws, "kitchens.ai.refund_agent", "3").environment_vars == {
        "DATABRICKS_HOST": "https://kitchens.example",
        "DATABRICKS_CLIENT_ID": "{{secrets/caspers_agents_kitchens/client_id}}",
        "DATABRICKS_CLIENT_SECRET": "{{secrets/caspers_agents_kitchens/client_secret}}",
    }


def test_a_part_of_the_credentials_that_is_missing_is_named():
    ws = with_secrets({"caspers_agents_kitchens": ["client_id"]}, {})
    with pytest.raises(LookupError, match="Secret scope caspers_agents_kitchens has no client_secret: put it there"):
        deploy.entity(ws, "kitchens.ai.refund_agent", "3")


def test_champion_moves_is_served_and_goes_back(ws, model, versions):
    with pytest.raises(LookupError, match="has no champion"):
        deploy.serve_champion(ws, model, "echo")
    deploy.promote(ws, model, "1", SCORES)
    deploy.promote(ws, model, "1", SCORES)  # a notebook that runs again
    assert deploy.serve_champion(ws, model, "echo").state.ready.value == "READY" and served(ws) == "1"
    with pytest.raises(LookupError, match="version 1, replaced no other"):
        deploy.roll_back(ws, model, "echo")

    deploy.promote(ws, model, "2", SCORES)
    deploy.serve_champion(ws, model, "echo")
    assert (deploy.champion(ws, model), served(ws)) == ("2", "2")
    assert versions.get_model_version(model, "2").tags == {
        "evaluation": '{"schema": 1.0, "all": 0.95}',
        "replaces": "1",
    }

    deploy.roll_back(ws, model, "echo")
    assert (deploy.champion(ws, model), served(ws)) == ("1", "1")
    ws.w.serving_endpoints.delete("echo")
