"""The endpoint behind LLM_MODEL: on Databricks it has to exist, on a laptop it is created."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from caspers import config, names, offline_policy
from caspers.agents import deploy
from caspers.platform.state import Resource

if TYPE_CHECKING:
    from databricks.sdk.service.serving import AiGatewayRateLimit, ServedEntityInput
    from mlflow.models import ModelSignature

    from caspers.platform.connect import Workbook

STANDIN_FILE = Path(__file__).with_name("model.py")


def ensure(ws: "Workbook", name: str) -> list[Resource]:
    """Return once the serving endpoint `name` answers chat completions: the resources that were created for it.

    On a laptop it is created or updated: it forwards to CASPERS_LLM_BASE_URL if that is set, within the limits of
    CASPERS_LLM_*, otherwise it serves the stand-in `offline-policy`, logged again only when the code has changed.
    Safe to call from several processes at once.
    Raises RuntimeError if the endpoint does not exist on Databricks.
    """
    if not ws.local:
        _require(ws, name)
        return []
    forwards = config.load().llm_base_url is not None
    with FileLock(config.load().home / "model_endpoint.lock"):  # two processes must not log the stand-in at once
        if forwards:
            _forward(ws, name)
        else:
            deploy.serve(ws, name, _standin_entity(ws))
    made = [Resource("endpoint", name, name)]
    return made if forwards else [Resource("model", _model_name(ws), _model_name(ws)), *made]


def has_language_model(ws: "Workbook") -> bool:
    """Whether a language model is behind LLM_MODEL's endpoint, rather than the stand-in."""
    return not ws.local or config.load().llm_base_url is not None


def _require(ws: "Workbook", name: str) -> None:
    from databricks.sdk.errors import NotFound

    try:
        ws.w.serving_endpoints.get(name)
    except NotFound:
        message = f"This workspace has no serving endpoint {name}. Set LLM_MODEL to one that it has."
        raise RuntimeError(message) from None


def _forward(ws: "Workbook", name: str) -> None:
    """Make the endpoint forward, within the limits of the settings."""
    _limit(ws, name)
    deploy.start_serving(ws, name, _external_entity(name))
    ws.w.serving_endpoints.put_ai_gateway(name, rate_limits=_rate_limits())
    ws.w.serving_endpoints.wait_get_serving_endpoint_not_updating(name, deploy.LONGEST_START)


_ADVICE = (
    "The limits are CASPERS_LLM_TIMEOUT_SECONDS, CASPERS_LLM_CALLS_PER_MINUTE, CASPERS_LLM_MAX_CALLS and "
    "CASPERS_LLM_MAX_USD: change one and run the notebook again; another run of the runbook has a new budget."
)


def _limit(ws: "Workbook", name: str) -> None:
    """Set the endpoint's timeout and budget, before it can be called."""
    settings = config.load()
    limits = {key: value for key, value in asdict(settings.llm_limits).items() if value is not None}
    limits.pop("calls_per_minute", None)  # set through the AI gateway, as on Databricks
    body = {**limits, "run": settings.run, "advice": _ADVICE}
    ws.w.api_client.do("PUT", f"/api/local/serving-endpoints/{name}/limits", body=body)


def _rate_limits() -> list["AiGatewayRateLimit"]:
    from databricks.sdk.service.serving import AiGatewayRateLimit, AiGatewayRateLimitRenewalPeriod

    calls = config.load().llm_limits.calls_per_minute
    return [AiGatewayRateLimit(AiGatewayRateLimitRenewalPeriod.MINUTE, calls=calls)] if calls else []


def _external_entity(name: str) -> "ServedEntityInput":
    from databricks.sdk.service.serving import (
        ExternalModel,
        ExternalModelProvider,
        OpenAiConfig,
        ServedEntityInput,
    )

    settings = config.load()
    server = OpenAiConfig(openai_api_base=settings.llm_base_url, openai_api_key_plaintext=settings.llm_api_key)
    model = ExternalModel(
        provider=ExternalModelProvider.OPENAI,
        name=settings.llm_model or name,
        task="llm/v1/chat",
        openai_config=server,
    )
    return ServedEntityInput(name="forwarded", external_model=model)


def _model_name(ws: "Workbook") -> str:
    return f"{ws.catalog}.ai.offline_policy"


def _standin_entity(ws: "Workbook") -> "ServedEntityInput":
    from databricks.sdk.service.serving import ServedEntityInput

    fingerprint = deploy.fingerprint({})
    version = deploy.find_version(ws, _model_name(ws), fingerprint) or _log_standin(ws, fingerprint)
    return ServedEntityInput(
        name=offline_policy.NAME,
        entity_name=_model_name(ws),
        entity_version=version,
        workload_size="Small",
        scale_to_zero_enabled=True,
    )


def _chat_signature() -> "ModelSignature":
    """MLflow's signature of chat models: Unity Catalog registers no model without one."""
    from mlflow.models import ModelSignature
    from mlflow.types.llm import CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA

    return ModelSignature(CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA)


def _log_standin(ws: "Workbook", fingerprint: str) -> str:
    with deploy.quietly():
        ws.mlflow.set_experiment(names.shared_id("/Shared/caspers_offline_policy", ws.catalog))
        logged = ws.mlflow.pyfunc.log_model(
            name=offline_policy.NAME,
            python_model=str(STANDIN_FILE),
            registered_model_name=_model_name(ws),
            metadata={"task": "llm/v1/chat"},
            signature=_chat_signature(),
            code_paths=[deploy.PACKAGE],
            pip_requirements=deploy.requirements(),
        )
    version = str(logged.registered_model_version)
    deploy.tag_fingerprint(ws, _model_name(ws), version, fingerprint)
    return version
