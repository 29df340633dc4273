"""How OpenAPI describes the problems that the API answers with."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

_EXAMPLES = {
    404: "There is no recommendation for order K7Q2ZD.",
    409: "support@example.com has decided order K7Q2ZD already: approved, $4.50. Nothing was changed.",
    422: "amount: more than the order's total of $28.25",
    429: "That is a lot of changes in a short time. Go on in 3 seconds.",
    503: "The refund database can't be reached right now.",
}


class FieldProblem(BaseModel):
    """A field, and what is wrong with its value."""

    field: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457). A 422 names the fields in `errors`, a 409 shows the `decision` that holds."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    decision: dict[str, Any] | None = None


def problem_responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as OpenAPI describes them."""
    return {
        code: {
            "description": HTTPStatus(code).phrase,
            "content": {
                "application/problem+json": {
                    "schema": Problem.model_json_schema(),
                    "example": {
                        "type": "about:blank",
                        "title": HTTPStatus(code).phrase,
                        "status": code,
                        "detail": _EXAMPLES[code],
                    },
                }
            },
        }
        for code in codes
    }
