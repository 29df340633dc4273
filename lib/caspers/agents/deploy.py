"""From an agent's code to its endpoint: logging, detecting changes, promoting a champion and serving it."""

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, suppress
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspers import names

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServedEntityInput, ServingEndpointDetailed
    from mlflow.models.resources import Resource

    from caspers.platform.connect import Workbook

PACKAGE = str(Path(__file__).parents[1])
REQUIREMENTS = ["mlflow", "databricks-sdk[openai]", "openai", "pydantic", "rapidfuzz", "scikit-learn", "tenacity"]
FINGERPRINT, EXPERIMENT, SCORES, REPLACES = "fingerprint", "experiment", "evaluation", "replaces"  # tags of a version
CHAMPION = "champion"
SCOPE = "caspers_agents"
CREDENTIALS = {"DATABRICKS_CLIENT_ID": "client_id", "DATABRICKS_CLIENT_SECRET": "client_secret"}
"""The variables of a service principal, and the keys of their secrets in SCOPE."""
LONGEST_START = timedelta(minutes=30)
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what MLflow prints while it logs a model (dates, pip versions) out of a notebook; errors are raised."""
    with redirect_stderr(io.StringIO()):
        yield


def model_file(file: str) -> str:
    """The path of an agent's models-from-code file. Raises FileNotFoundError."""
    path = Path(__file__).with_name(file)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    return str(path)


def requirements() -> list[str]:
    """What the agent's environment needs, each pinned to the version installed here."""
    return [f"{name}=={metadata.version(name.partition('[')[0])}" for name in REQUIREMENTS]


def fingerprint(settings: dict[str, Any]) -> str:
    """A hash (16 hexadecimal digits) of the package's code and data files, its requirements and the settings."""
    digest = hashlib.sha256(json.dumps([settings, requirements()], sort_keys=True).encode())
    for file in sorted(Path(PACKAGE).rglob("*")):
        if file.is_file() and not _LEFT_OUT & set(file.parts):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def find_version(ws: "Workbook", model: str, mark: str) -> str | None:
    """The newest version of a registered model with the fingerprint `mark`, or None.

    A version is looked up by itself: what Unity Catalog's search finds has no tags (mlflow/mlflow#11961).
    """
    try:
        found = ws.mlflow.MlflowClient().search_model_versions(f"name = '{model}'")
    except ws.mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    newest_first = sorted((int(each.version) for each in found), reverse=True)
    return next((str(version) for version in newest_first if _has_mark(ws, model, version, mark)), None)


def _has_mark(ws: "Workbook", model: str, version: int, mark: str) -> bool:
    return bool(ws.mlflow.MlflowClient().get_model_version(model, str(version)).tags.get(FINGERPRINT) == mark)


def tag_fingerprint(ws: "Workbook", model: str, version: str, mark: str) -> None:
    """Tag a version with its fingerprint `mark`, so that `find_version` finds it, and with MLflow's active experiment.

    The endpoint that serves the version sends its traces to that experiment.
    """
    client = ws.mlflow.MlflowClient()
    if experiment := os.environ.get("MLFLOW_EXPERIMENT_ID"):  # which `mlflow.set_experiment` sets
        client.set_model_version_tag(model, version, EXPERIMENT, experiment)
    client.set_model_version_tag(model, version, FINGERPRINT, mark)


def champion(ws: "Workbook", model: str) -> str | None:
    """The version of a registered model that has the alias `champion`, or None."""
    version = ws.mlflow.MlflowClient().get_registered_model(model).aliases.get(CHAMPION)
    return None if version is None else str(version)


def promote(ws: "Workbook", model: str, version: str, scores: Mapping[str, float]) -> None:
    """Move the alias `champion` to a version that passed the gate with these `scores`; tag which one it replaces."""
    client, before = ws.mlflow.MlflowClient(), champion(ws, model)
    client.set_model_version_tag(model, version, SCORES, json.dumps(dict(scores)))
    if before == version:
        return
    if before:
        client.set_model_version_tag(model, version, REPLACES, before)
    client.set_registered_model_alias(model, CHAMPION, version)


def roll_back(ws: "Workbook", model: str, endpoint: str) -> "ServingEndpointDetailed":
    """Serve the version that the champion replaced, and make it champion again.

    If it is interrupted, call it again. Raises LookupError if the champion replaced none.
    """
    client, now = ws.mlflow.MlflowClient(), champion(ws, model)
    before = client.get_model_version(model, now).tags.get(REPLACES) if now else None
    if before is None:
        raise LookupError(
            f"Model {model} can't be rolled back: its champion, version {now}, replaced no other version."
        )
    served = serve(ws, endpoint, entity(ws, model, before))
    client.set_registered_model_alias(model, CHAMPION, before)  # last, so that a repeated call means the same version
    return served


def resources(ws: "Workbook", llm_model: str, functions: Iterable[str]) -> list["Resource"]:
    """The resources that the agent uses; Databricks grants its endpoint access to exactly these resources."""
    from mlflow.models.resources import DatabricksFunction, DatabricksServingEndpoint, DatabricksSQLWarehouse

    used = [DatabricksFunction(f"{ws.catalog}.ai.{name}") for name in functions]
    return [DatabricksServingEndpoint(llm_model), DatabricksSQLWarehouse(ws.warehouse_id), *used]


def serve_champion(ws: "Workbook", model: str, endpoint: str) -> "ServingEndpointDetailed":
    """Have the endpoint serve the model's champion; raises what `serve` raises, LookupError if there is no champion."""
    version = champion(ws, model)
    if version is None:
        raise LookupError(f"Model {model} has no champion. Evaluate a version and promote it first.")
    return serve(ws, endpoint, entity(ws, model, version))


def serve(ws: "Workbook", endpoint: str, entity: "ServedEntityInput") -> "ServingEndpointDetailed":
    """Create the endpoint or update it to serve this entity, and return it once it does.

    An endpoint that serves the entity already is left alone. Raises databricks.sdk.errors.OperationFailed if the model
    can't start, TimeoutError after half an hour.
    """
    start_serving(ws, endpoint, entity)
    return ws.w.serving_endpoints.wait_get_serving_endpoint_not_updating(endpoint, LONGEST_START)


def start_serving(ws: "Workbook", endpoint: str, entity: "ServedEntityInput") -> None:
    """Create the endpoint or start its update to this entity; waits only for an update that is in progress."""
    from databricks.sdk.errors import NotFound, OperationFailed
    from databricks.sdk.service.serving import EndpointCoreConfigInput

    endpoints = ws.w.serving_endpoints
    try:
        if _serves(endpoints.get(endpoint), entity):
            return
        with suppress(OperationFailed):  # a failed update doesn't matter: this one replaces it
            endpoints.wait_get_serving_endpoint_not_updating(endpoint, LONGEST_START)
        endpoints.update_config(endpoint, served_entities=[entity])
    except NotFound:
        endpoints.create(endpoint, config=EndpointCoreConfigInput(name=endpoint, served_entities=[entity]))


def entity(ws: "Workbook", model: str, version: str) -> "ServedEntityInput":
    """The version, traced into its experiment: an endpoint traces nothing unless its variables ask for it.

    Raises LookupError if a part of the credentials is missing.
    """
    from databricks.sdk.service.serving import ServedEntityInput

    experiment = ws.mlflow.MlflowClient().get_model_version(model, version).tags.get(EXPERIMENT)
    traced = {"ENABLE_MLFLOW_TRACING": "true", "MLFLOW_EXPERIMENT_ID": experiment} if experiment else {}

    return ServedEntityInput(
        name=model.rpartition(".")[2],
        entity_name=model,
        entity_version=version,
        workload_size="Small",
        scale_to_zero_enabled=True,
        environment_vars=traced | credentials(ws),
    )


def credentials(ws: "Workbook") -> dict[str, str]:
    """The variables with which an endpoint signs in as a service principal; none without a secret scope for them.

    On Databricks an endpoint may write traces only as a principal that has CAN_EDIT on their experiment. The scope is
    `caspers_agents` (in another catalog than the default with its name behind it), its keys are those of CREDENTIALS.
    The values stay there. Source: https://docs.databricks.com/aws/en/mlflow3/genai/tracing/prod-tracing
    """
    from databricks.sdk.errors import NotFound

    scope = names.shared_id(SCOPE, ws.catalog)
    try:
        held = {secret.key for secret in ws.w.secrets.list_secrets(scope)}
    except NotFound:
        return {}
    if missing := set(CREDENTIALS.values()) - held:
        raise LookupError(
            f"Secret scope {scope} has no {' and no '.join(sorted(missing))}: put it there, or delete it."
        )
    return {"DATABRICKS_HOST": f"{ws.w.config.host}"} | {
        variable: f"{{{{secrets/{scope}/{key}}}}}" for variable, key in CREDENTIALS.items()
    }


def _serves(found: "ServingEndpointDetailed", entity: "ServedEntityInput") -> bool:
    """Whether `found` serves `entity` or is about to; False for an external model, whose key can't be compared."""
    if entity.external_model:
        return False
    config = found.pending_config or found.config
    served = config.served_entities if config else None
    wanted = (entity.entity_name, entity.entity_version, entity.environment_vars or {})
    return wanted in [(each.entity_name, each.entity_version, each.environment_vars or {}) for each in served or []]
