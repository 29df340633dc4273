"""Errors in the format that OpenAI's clients read."""

from typing import Any

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def error_body(status: int, error_code: str, message: str, **details: str | None) -> dict[str, Any]:
    """Databricks' `error_code` and `message`, and beside them OpenAI's `error` with message, type, param and code.

    `details` override the derived type, param and code.
    """
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    shown = {"type": kind, "param": None, "code": error_code.lower()}
    shown |= {key: value for key, value in details.items() if value}
    return {"error_code": error_code, "message": message, "error": {"message": message, **shown}}
