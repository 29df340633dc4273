"""The errors that engines raise and routes answer with, with Databricks' codes."""


class ApiError(Exception):
    """An error of the workspace's API: HTTP `status`, Databricks `error_code`, and a message for people."""

    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error_code, self.message = status, error_code, message


def not_found(message: str) -> ApiError:
    """The named thing does not exist (404)."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


def already_exists(message: str) -> ApiError:
    """The named thing exists already (409)."""
    return ApiError(409, "RESOURCE_ALREADY_EXISTS", message)


def invalid(message: str) -> ApiError:
    """The request's values are not valid (400)."""
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def unavailable(message: str) -> ApiError:
    """The thing exists and is not ready (503)."""
    return ApiError(503, "TEMPORARILY_UNAVAILABLE", message)


class StorageError(ApiError):
    """The disk takes no writes, because it is full or broken; the call has had no effect and may succeed later."""


def disk_full(message: str = "The disk of the workspace's home is full: make room, then repeat.") -> StorageError:
    """There is no room for what would be written (507). Unlike 429 and 503, official clients don't repeat a 507."""
    return StorageError(507, "RESOURCE_EXHAUSTED", message)


def disk_failed(message: str) -> StorageError:
    """The disk could not write or read (500)."""
    return StorageError(500, "IO_ERROR", message)


class SetupError(Exception):
    """The workspace can't start; the message says what is wrong and what to do."""
