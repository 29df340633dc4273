"""From an agent's code to its endpoint: what is logged, whether it changed, and the endpoint that serves it."""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServedEntityInput, ServingEndpointDetailed
    from mlflow.models.resources import Resource

    from caspers.connect import Workbook

PACKAGE = str(Path(__file__).parents[1])
REQUIREMENTS = ["mlflow", "databricks-sdk[openai]", "openai", "pydantic", "tenacity"]
FINGERPRINT = "fingerprint"
LONGEST_START = timedelta(minutes=30)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep MLflow's remarks while it logs a model (dates, versions of pip) out of a notebook; errors are raised."""
    with redirect_stderr(io.StringIO()):
        yield


def code(file: str) -> str:
    """The path of an agent's models-from-code file. Raises FileNotFoundError."""
    path = Path(__file__).with_name(file)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    return str(path)


def fingerprint(settings: dict[str, Any]) -> str:
    """A short text that changes with the package's code and with an agent's settings."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for file in sorted(Path(PACKAGE).rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def known_version(ws: "Workbook", model: str, mark: str) -> str | None:
    """The newest version of a registered model that was logged with this fingerprint, or None."""
    found = ws.mlflow.MlflowClient().search_model_versions(f"name = '{model}'")
    versions = [int(each.version) for each in found if each.tags.get(FINGERPRINT) == mark]
    return str(max(versions)) if versions else None


def remember(ws: "Workbook", model: str, version: str, mark: str) -> None:
    """Tag a version with its fingerprint."""
    ws.mlflow.MlflowClient().set_model_version_tag(model, version, FINGERPRINT, mark)


def resources(ws: "Workbook", llm_model: str, functions: Iterable[str]) -> list["Resource"]:
    """What the agent uses; Databricks gives its endpoint the right to exactly these things."""
    from mlflow.models.resources import DatabricksFunction, DatabricksServingEndpoint, DatabricksSQLWarehouse

    used = [DatabricksFunction(f"{ws.catalog}.ai.{name}") for name in functions]
    return [DatabricksServingEndpoint(llm_model), DatabricksSQLWarehouse(ws.warehouse_id), *used]


def serve(ws: "Workbook", endpoint: str, entity: "ServedEntityInput") -> "ServingEndpointDetailed":
    """Create the endpoint, or have it serve this entity, and return it when it does.

    An endpoint that serves the entity already is left alone. Raises databricks.sdk.errors.OperationFailed if the model
    can't start, TimeoutError after half an hour.
    """
    from databricks.sdk.errors import NotFound
    from databricks.sdk.service.serving import EndpointCoreConfigInput

    endpoints = ws.w.serving_endpoints
    try:
        if not _serves(endpoints.get(endpoint), entity):
            endpoints.update_config(endpoint, served_entities=[entity])
    except NotFound:
        endpoints.create(endpoint, config=EndpointCoreConfigInput(name=endpoint, served_entities=[entity]))
    return endpoints.wait_get_serving_endpoint_not_updating(endpoint, LONGEST_START)


def _serves(found: "ServingEndpointDetailed", entity: "ServedEntityInput") -> bool:
    config = found.pending_config or found.config
    served = config.served_entities if config else None
    wanted = (entity.entity_name, entity.entity_version)
    return wanted in [(each.entity_name, each.entity_version) for each in served or []]
