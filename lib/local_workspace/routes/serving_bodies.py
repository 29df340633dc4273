"""The bodies of model serving requests."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from local_workspace.engines.serving import Limits
from local_workspace.http.bodies import Body, Name, Refused, Text

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=255)]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]
EntityName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=255)]
MAX_INT = 2**31 - 1


class OpenAiConfig(Body):
    """The address of an OpenAI-compatible server."""

    openai_api_base: Text | None = None
    openai_api_key: HeaderValue | None = None
    openai_api_key_plaintext: HeaderValue | None = None


class ApiKeyAuth(Body):
    """A header that authenticates."""

    key: HeaderName
    value: HeaderValue | None = None
    value_plaintext: HeaderValue | None = None


class BearerTokenAuth(Body):
    """A bearer token."""

    token: HeaderValue | None = None
    token_plaintext: HeaderValue | None = None


class CustomProviderConfig(Body):
    """The address of any server with OpenAI's API."""

    custom_provider_url: Text | None = None
    api_key_auth: ApiKeyAuth | None = None
    bearer_token_auth: BearerTokenAuth | None = None


class ExternalModel(Body):
    """A model on an external server."""

    name: Text | None = None
    task: Text | None = None
    provider: Text | None = None
    openai_config: OpenAiConfig | None = None
    custom_provider_config: CustomProviderConfig | None = None


class ServedEntity(Body):
    """A registered model's version, or an external model."""

    name: EntityName | None = None
    entity_name: Text | None = None
    entity_version: Text | int | None = None
    environment_vars: dict[Annotated[Name, Field(pattern="^[^=]+$")], Text] | None = None
    external_model: ExternalModel | None = None


class Config(Body):
    """What an endpoint serves."""

    served_entities: list[ServedEntity] | None = None
    served_models: Refused = None
    auto_capture_config: Refused = None


class Tag(Body):
    """A tag of an endpoint."""

    key: Name
    value: Text | None = None


class RateLimit(Body):
    """The number of calls allowed in a period."""

    calls: Annotated[StrictInt, Field(le=MAX_INT)] | None = None
    key: Text | None = None
    renewal_period: Text | None = None


class AiGateway(Body):
    """An endpoint's AI Gateway."""

    rate_limits: list[RateLimit] | None = None
    usage_tracking_config: dict[str, Any] | None = None


class Endpoint(Body):
    """An endpoint to create."""

    name: Name
    config: Config | None = None
    tags: list[Tag] | None = None
    description: Text | None = None
    ai_gateway: AiGateway | None = None
    rate_limits: Refused = None
    route_optimized: Literal[False] | None = None
    telemetry_config: Refused = None


class EndpointLimits(Body, Limits):
    """The time-out and the budget of an endpoint."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class OpenAiRequest(Body):
    """A request in OpenAI's format; `model` is the endpoint's name."""

    model: Text | None = None


class ExtraParams(Body):
    """Parts of a request that the SDK has no argument for."""

    extra_params: dict[str, Any] | None = None


class ExternalRequest(Body):
    """What is sent on to an external model."""

    messages: list[dict[str, Any]] | None = None
    stream: StrictBool | None = None
    stream_options: dict[str, Any] | None = None
