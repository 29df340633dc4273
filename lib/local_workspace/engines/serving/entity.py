"""What an endpoint serves: a registered model's version, or a model on an OpenAI-compatible server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from local_workspace.engines.models.names import model_name
from local_workspace.engines.serving.documents import Entity
from local_workspace.runtime.errors import invalid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
type Reveal = Callable[[str], str]
"""What gives the secret to which a text refers, and any other text as it is."""

_VERSION = re.compile(r"\d{1,9}")
_TASKS = ("llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings")
_OPENAI = "https://api.openai.com/v1"
_CREDENTIALS = {"DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID"}  # variables of one who signs in


@dataclass(frozen=True)
class ExternalTarget:
    """An OpenAI-compatible server: base or full `url`, the header that authenticates, the model's name there."""

    url: str
    auth: dict[str, str]
    model: str
    task: str

    def address(self, operation: str) -> str:
        """The URL of `operation` (for example chat/completions); a custom provider's may be complete already."""
        return self.url if self.url.endswith(f"/{operation}") else f"{self.url}/{operation}"


def check_name(name: str) -> str:
    """`name`, if it is valid for an endpoint; raises ApiError 400 otherwise."""
    if not _NAME.fullmatch(name):
        raise invalid(f"Endpoint name {name!r}: use 1 to 63 letters, digits, dashes and underscores.")
    return name


def read_entity(config: Mapping[str, Any], reveal: Reveal) -> Entity:
    """The one served entity of an endpoint's `config`, checked and named.

    `reveal` gives the secret to which a text refers. Raises ApiError 400, 404 for a secret.
    """
    entities = config.get("served_entities") or []
    if len(entities) != 1:
        raise invalid(f"served_entities must hold exactly one entity on a local workspace, not {len(entities)}.")
    entity = dict(entities[0])
    if "external_model" in entity:
        external_target(entity, reveal)
        default = entity["external_model"]["name"]
    else:
        _check_model(entity, reveal)
        default = f"{entity['entity_name']}-{entity['entity_version']}"
    return {**entity, "name": entity.get("name") or re.sub("[^A-Za-z0-9_-]", "-", default)}


def external_target(entity: Entity, reveal: Reveal) -> ExternalTarget:
    """The server of the external model of `entity`. Raises ApiError 400 that names what is wrong, 404 for a secret."""
    model = entity["external_model"]
    if not model.get("name") or model.get("task") not in _TASKS:
        raise invalid(f"external_model needs a name and a task, one of {', '.join(_TASKS)}.")
    provider = model.get("provider")
    if provider not in ("openai", "custom"):
        raise invalid(f"external_model.provider {provider!r} is not supported locally; use openai or custom.")
    url, auth = (_openai if provider == "openai" else _custom)(model, reveal)
    if not _is_http(url):
        raise invalid(f"external_model {model['name']}: {url!r} is not an http or https URL.")
    return ExternalTarget(url.rstrip("/"), auth, model["name"], model["task"])


def traced_into(entity: Entity) -> str | None:
    """The experiment into which the entity's own principal traces its calls.

    None without the variables that ask for it, and if they also have credentials of another principal.
    """
    variables: Mapping[str, str] = entity.get("environment_vars") or {}
    if variables.get("ENABLE_MLFLOW_TRACING", "").lower() != "true" or not _CREDENTIALS.isdisjoint(variables):
        return None
    return variables.get("MLFLOW_EXPERIMENT_ID")


def without_credentials(env: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """`env` for a model whose own variables are `own`: its credentials replace those that it would have by itself.

    Source: https://docs.databricks.com/aws/en/generative-ai/agent-framework/agent-authentication-model-serving
    (manual authentication). The SDK refuses two ways to sign in.
    """
    replaced = set() if _CREDENTIALS.isdisjoint(own) else {"DATABRICKS_TOKEN", "DATABRICKS_AUTH_TYPE"}
    return {name: value for name, value in env.items() if name not in replaced}


def public(entity: Entity) -> Entity:
    """`entity` without the secrets that it has in plain text."""
    return {
        key: public(value) if isinstance(value, dict) else value
        for key, value in entity.items()
        if not key.endswith("_plaintext")
    }


def _is_http(url: str) -> bool:
    try:
        httpx.URL(url)  # checks the port and the host's characters, urlsplit the brackets
        parsed = urlsplit(url)
    except (httpx.InvalidURL, ValueError):
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.hostname)


def _openai(model: Mapping[str, Any], reveal: Reveal) -> tuple[str, dict[str, str]]:
    config = model.get("openai_config") or {}
    key = _secret(config, "openai_api_key", reveal)
    return config.get("openai_api_base") or _OPENAI, {"Authorization": f"Bearer {key}"} if key else {}


def _custom(model: Mapping[str, Any], reveal: Reveal) -> tuple[str, dict[str, str]]:
    config = model.get("custom_provider_config") or {}
    url = config.get("custom_provider_url") or ""
    if "api_key_auth" in config:
        return url, {config["api_key_auth"]["key"]: _secret(config["api_key_auth"], "value", reveal)}
    token = _secret(config.get("bearer_token_auth") or {}, "token", reveal)
    return url, {"Authorization": f"Bearer {token}"} if token else {}


def _secret(config: Mapping[str, Any], field: str, reveal: Reveal) -> str:
    given: str = config.get(field) or ""
    if not given:
        return config.get(f"{field}_plaintext") or ""
    revealed = reveal(given)
    if revealed == given:
        raise invalid(f"{field} must be {{{{secrets/scope/key}}}}; give the value itself as {field}_plaintext.")
    return revealed


def _check_model(entity: Entity, reveal: Reveal) -> None:
    name, version = entity.get("entity_name"), entity.get("entity_version")
    if not name or not version:
        raise invalid("A served entity needs entity_name and entity_version (or an external_model).")
    model_name(name)
    if not _VERSION.fullmatch(str(version)):
        raise invalid(f"entity_version must be the number of a version of {name}, not {str(version)[:100]!r}.")
    for value in (entity.get("environment_vars") or {}).values():
        reveal(value)
