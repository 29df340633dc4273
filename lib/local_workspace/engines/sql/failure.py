"""Why a statement failed."""

import re
from http import HTTPStatus
from typing import TypedDict

from local_workspace.engines.spark.errors import message
from local_workspace.runtime.errors import ApiError, disk_full

_DISK_FULL = "No space left on device"
_CLASS = re.compile(r"\A\((?:[a-z]\w*\.)+[\w$]+\) ")  # of a Java error that Spark Connect's client has no class for
_PLAN = re.compile(r";\n'?[A-Z]\w* ?[(\[].*?(?=\n\n|\Z)", re.DOTALL)  # of the statement, behind where it is wrong


class Failure(TypedDict):
    """Why a statement failed."""

    error_code: str
    message: str


def failure(error: Exception, catalog: str) -> Failure:
    """Spark's message as Databricks' API has it: without the JVM's stack trace, plan and class.

    `catalog` is the workspace's name for Spark's own catalog.
    """
    down = isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
    if down:
        return {"error_code": "TEMPORARILY_UNAVAILABLE", "message": str(error)}
    text = _PLAN.sub("", _CLASS.sub("", message(error)))
    named = text.replace("spark_catalog", catalog) if catalog else text
    if _DISK_FULL in str(error):  # often in the stack trace alone
        return {"error_code": "RESOURCE_EXHAUSTED", "message": f"{named}\n{_DISK_FULL}. {disk_full().message}"}
    return {"error_code": "BAD_REQUEST", "message": named}
