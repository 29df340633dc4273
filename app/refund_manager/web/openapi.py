"""The API's error responses, described for OpenAPI."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

_EXAMPLES = {
    400: "Unknown host 'refunds.example'. Open the app as localhost or 127.0.0.1.",
    401: "The platform did not identify you, so you can't change anything. Sign in and try again.",
    403: "Requests from other sites can't change anything here.",
    404: "There is no recommendation for order K7Q2ZD.",
    409: "support@example.com has already decided order K7Q2ZD: approved, $4.50. Nothing was changed.",
    422: "amount: more than the order's total of $28.25",
    429: "Too many changes in a short time. Try again in 3 seconds.",
    503: "The database can't be reached right now.",
}


class FieldProblem(BaseModel):
    """A field, and why its value is invalid."""

    field: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457). A 422 names the fields in `errors`, a 409 contains the existing `decision`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    decision: dict[str, Any] | None = None


def _schema() -> dict[str, Any]:
    """The JSON schema of Problem, inlined: references to its own `$defs` don't resolve in the app's document."""
    schema = Problem.model_json_schema()
    schema["properties"]["errors"]["anyOf"][0]["items"] = schema.pop("$defs")["FieldProblem"]
    return schema


def problem_responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses for these status codes."""
    return {
        code: {
            "description": HTTPStatus(code).phrase,
            "content": {
                "application/problem+json": {
                    "schema": _schema(),
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
