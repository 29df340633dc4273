"""Error responses: problem details (RFC 9457) from the API, an HTML page from the pages."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from refund_manager.domain.errors import (
    BadField,
    Conflict,
    LakehouseUnavailable,
    NotFound,
    Unavailable,
)
from refund_manager.web.dependencies import BadForm
from refund_manager.web.rendering import render
from refund_manager.web.security import Refused


def install(app: FastAPI) -> None:
    """Register a handler for each of the app's errors."""
    app.add_exception_handler(NotFound, lambda request, error: _answer(request, 404, str(error)))
    app.add_exception_handler(Unavailable, lambda request, error: _answer(request, 503, str(error)))
    app.add_exception_handler(
        LakehouseUnavailable,
        lambda request, error: _answer(request, 503, f"The order's events can't be read right now: {error}"),
    )
    app.add_exception_handler(
        Conflict,
        lambda request, error: _answer(
            request, 409, str(error), **({"decision": error.decision.model_dump(mode="json")} if error.decision else {})
        ),
    )
    app.add_exception_handler(
        BadField,
        lambda request, error: _answer(
            request, 422, f"{error.field}: {error.message}", errors=[{"field": error.field, "message": error.message}]
        ),
    )
    app.add_exception_handler(Refused, lambda request, error: refuse(request, error))
    app.add_exception_handler(RequestValidationError, lambda request, error: _invalid(request, error.errors()))
    app.add_exception_handler(BadForm, lambda request, error: _invalid(request, error.errors))
    app.add_exception_handler(HTTPException, lambda request, error: _http_error(request, error))
    app.add_exception_handler(
        Exception,
        lambda request, _: _answer(request, 500, "The app failed. Its log has the details."),
    )


_TITLES = {
    401: "You are not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed",
    409: "Nothing was changed",
    422: "Something was not entered correctly",
    429: "Too many changes",
    500: "Something went wrong",
    503: "Not available right now",
}
"""The headings of error pages."""
_PLAIN = {
    **dict.fromkeys(
        ("decimal_parsing", "decimal_type", "decimal_max_places", "decimal_max_digits", "finite_number"),
        "enter dollars and cents, such as 4.50",
    ),
    "greater_than_equal": "enter an amount that is not negative",
    "string_too_long": "enter at most 1,000 characters",
}


def form_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as dicts with `field` and `message`, in the words of a form."""
    found = field_errors(errors)
    return [
        {**plain, "message": _PLAIN.get(error["type"], plain["message"])}
        for error, plain in zip(errors, found, strict=True)
    ]


def field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as dicts with `field` and `message`."""
    return [{"field": str(error["loc"][-1]), "message": error["msg"].removeprefix("Value error, ")} for error in errors]


def refuse(request: Request, refused: Refused) -> Response:
    """The response to a refused request."""
    answer = _answer(request, refused.status, str(refused))
    answer.headers.update(refused.headers)
    return answer


def _http_error(request: Request, error: HTTPException) -> Response:
    path = request.url.path
    details = {404: f"There is nothing at {path}.", 405: f"{request.method} is not allowed at {path}."}
    answer = _answer(request, error.status_code, details.get(error.status_code, error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, errors: Sequence[Any]) -> Response:
    found = field_errors(errors)
    return _answer(request, 422, "; ".join(f"{e['field']}: {e['message']}" for e in found), errors=found)


def _answer(request: Request, status: int, detail: str, **more: object) -> Response:
    title = HTTPStatus(status).phrase
    if request.url.path.startswith("/api/"):
        return JSONResponse(
            {"type": "about:blank", "title": title, "status": status, "detail": detail, **more},
            status,
            media_type="application/problem+json",
        )
    return render(
        request,
        "problem.html",
        status,
        title=_TITLES.get(status, title),
        detail=detail,
        retry=status == 503 and request.method == "GET",
        unsaved=status == 503 and request.method == "POST",
    )
