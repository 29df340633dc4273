"""What a request to an agent has in `custom_inputs`: one order, or a batch of them."""

from dataclasses import dataclass
from typing import Annotated, Self

from mlflow.exceptions import MlflowException
from mlflow.types.responses import ResponsesAgentRequest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from caspers.agents.loop import describe_errors

MAX_BATCH = 100
"""Orders in one request."""
type OrderId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class Inputs(BaseModel):
    """What both agents take; unknown keys are ignored. `location_id`: decide on orders of this location only."""

    order_id: str | None = Field(None, coerce_numbers_to_str=True)
    location_id: int | None = None


class RefundInputs(Inputs):
    """One `order_id`, or several `order_ids`."""

    order_ids: list[OrderId] | None = Field(None, min_length=1, max_length=MAX_BATCH)

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if self.order_id and self.order_ids:
            raise ValueError("give order_id or order_ids, not both")
        return self


class Complaint(BaseModel):
    """What a customer wrote about an order."""

    model_config = ConfigDict(extra="forbid")

    order_id: OrderId
    complaint_text: str = Field(min_length=1)


class ComplaintInputs(Inputs):
    """One `complaint_text` about an `order_id`, or several `complaints`."""

    complaint_text: str | None = None
    complaints: list[Complaint] | None = Field(None, min_length=1, max_length=MAX_BATCH)

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if (self.order_id or self.complaint_text) and self.complaints:
            raise ValueError("give one complaint_text with its order_id, or complaints, not both")
        return self


@dataclass(frozen=True)
class Question:
    """One thing to decide: possible order ids, likeliest first, the user's words, the location the order must be of."""

    order_ids: tuple[str, ...]
    text: str
    location_id: int | None = None


@dataclass(frozen=True)
class ParsedRequest:
    """The questions of a request, and whether it is a batch."""

    questions: list[Question]
    batch: bool = False


def parse_inputs[T: Inputs](shape: type[T], request: ResponsesAgentRequest) -> T:
    """The `custom_inputs` of a request. Raises MlflowException, which an endpoint answers with status 400."""
    try:
        return shape.model_validate(request.custom_inputs or {})
    except ValidationError as error:
        raise MlflowException.invalid_parameter_value(f"custom_inputs: {describe_errors(error)}") from error


def user_text(request: ResponsesAgentRequest) -> str:
    """All that the user said in a request, one message a line."""
    turns = [each.model_dump() for each in request.input]
    contents = [turn.get("content") for turn in turns if turn.get("role") == "user"]
    parts = (part if isinstance(part, list) else [{"text": part}] for part in contents)
    return "\n".join(str(piece["text"]) for part in parts for piece in part if piece.get("text"))
