"""Errors as Databricks writes them: a status, an `error_code`, and a sentence."""

import json
import reprlib
from typing import Any, TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from local_workspace.http import absent
from local_workspace.runtime.errors import ApiError, disk_full
from local_workspace.runtime.free_space import is_full

_SHOWN = 80  # characters of a refused value that its error repeats
_SCIM = "/api/2.0/preview/scim/"
_WHOLE = ("body", "query", "path", "header")  # where a field was, which FastAPI puts before its name


class ErrorBody(TypedDict):
    """The body of every answer that is an error."""

    error_code: str
    message: str


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {"model": ErrorBody, "description": "The request failed; `message` says why."}
}


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer of `status` whose body is an ErrorBody."""
    # A message may quote characters that UTF-8 cannot encode.
    text = message.encode("utf-8", "backslashreplace").decode()
    return JSONResponse(ErrorBody(error_code=code, message=text), status, headers)


def install(app: FastAPI) -> None:
    """Have `app` answer every error with an ErrorBody."""
    for kind in (ApiError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def answer(request: Request, error: Exception) -> JSONResponse:
    """The answer to a request that failed with `error`."""
    answered = _answer(request, error)
    return _as_scim(answered, error) if request.url.path.startswith(_SCIM) else answered


def _answer(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return error_response(error.status, error.error_code, error.message)
    if isinstance(error, RequestValidationError):
        return _validation_error(error)
    if isinstance(error, HTTPException):
        return _http_error(request, error)
    if is_full(error):
        full = disk_full()
        return error_response(full.status, full.error_code, full.message)
    return _internal_error(request, error)


def _as_scim(answered: JSONResponse, error: Exception) -> JSONResponse:
    """An error in the form of RFC 7644, 3.12, in which Databricks' SCIM routes answer."""
    scim_type = getattr(error, "scim_type", "")
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": json.loads(bytes(answered.body))["message"],
        "status": str(answered.status_code),
        **({"scimType": scim_type} if scim_type else {}),
    }
    kept = {name: value for name, value in answered.headers.items() if not name.startswith("content-")}
    return JSONResponse(body, answered.status_code, kept)


def _validation_error(error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return error_response(400, "MALFORMED_REQUEST", f"The request's body is not JSON: {first['ctx']['error']}.")
    return error_response(400, "INVALID_PARAMETER_VALUE", described(first))


def described(problem: dict[str, Any]) -> str:
    """One sentence about what pydantic found wrong: the field, what it should be, and what was sent."""
    place = [str(part) for part in problem["loc"]]
    field = ".".join(place[1:] if place[:1] and place[0] in _WHOLE else place) or "The request's body"
    if problem["type"] == "missing":
        return f"{field} is missing."
    if problem["type"] in ("extra_forbidden", "none_required"):
        return f"{field}: a local workspace does not support this field; leave it out."
    reason = problem["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{field}: {reason[:1].lower()}{reason[1:]}; it was {_shown(problem['input'])}."


def _shown(value: object) -> str:
    """A value as an error shows it: at most a line, however long or deep it is."""
    shortening = reprlib.Repr(maxlevel=2, maxstring=_SHOWN, maxother=_SHOWN)
    return shortening.repr(value)


def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    headers = dict(error.headers or {})
    call = f"{request.method} {request.url.path}"
    if error.status_code == 404:
        why = absent.sentence(request.url.path) or " A local workspace does not have it: its README lists what it has."
        return error_response(404, "ENDPOINT_NOT_FOUND", f"No API found for '{call}'.{why}", headers)
    if error.status_code == 405:
        allowed = headers.get("Allow") or headers.get("allow") or "another method"
        return error_response(405, "METHOD_NOT_ALLOWED", f"No API found for '{call}'; use {allowed}.", headers)
    code = "MALFORMED_REQUEST" if error.status_code == 400 else "BAD_REQUEST"
    return error_response(error.status_code, code, f"{error.detail}.", headers)


def _internal_error(request: Request, error: Exception) -> JSONResponse:
    """An exception that no route handles. The server writes the traceback to its log."""
    message = f"{request.method} {request.url.path} failed with {type(error).__name__}; the workspace's log has more."
    return error_response(500, "INTERNAL_ERROR", message)
