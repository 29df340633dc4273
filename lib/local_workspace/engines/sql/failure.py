"""Why a statement failed, and what to do instead where open Spark lacks what Databricks has."""

import re
from http import HTTPStatus
from typing import TypedDict

from local_workspace.engines.spark.errors import message
from local_workspace.runtime.errors import ApiError


class Failure(TypedDict):
    """Why a statement failed."""

    error_code: str
    message: str


# The error classes of a statement, a clause or a function that Spark doesn't have.
_UNKNOWN = re.compile(r"\[(PARSE_|INVALID_S|UNRESOLVED_ROUTINE|UNRESOLVABLE_TABLE_VALUED|UNSUPPORTED|NOT_SUPPORTED)")
# A pattern that a failed statement contains, and what to do instead.
_WAYS_OUT = {
    r"^\s*(GRANT|REVOKE|DENY|SHOW\s+GRANTS?)\b": (
        "Privileges in SQL exist on Databricks only: on a local workspace use the grants API, w.grants.update and "
        "w.grants.get."
    ),
    r"\b(SET|UNSET)\s+TAGS?\b": (
        "Tags exist on Databricks only: leave them out on a local workspace, or keep the same in TBLPROPERTIES."
    ),
    r"\b(PRIMARY|FOREIGN)\s+KEY\b": (
        "Informational keys exist on Databricks only: leave the constraint out on a local workspace."
    ),
    r"\bQUALIFY\b": (
        "QUALIFY exists on Databricks only: on a local workspace compute the window function in a subquery and filter "
        "its result with WHERE."
    ),
    r"\b(read_files|cloud_files)\s*\(": (
        "read_files exists on Databricks only: on a local workspace read files with csv.`path`, json.`path` or "
        "parquet.`path`."
    ),
    r"^\s*SHOW\s+VOLUMES\b": (
        "Volumes in SQL exist on Databricks only: on a local workspace use the volumes API, w.volumes.list."
    ),
    r"\b(DEEP\s+CLONE|UNDROP|SHARE|CLUSTER\s+BY\s+AUTO|SET\s+OWNER|LANGUAGE\s+PYTHON|vector_search)\b": (
        "This exists on Databricks only: leave the statement out on a local workspace."
    ),
    r"^\s*COPY\s+INTO\b": (
        "COPY INTO exists on Databricks only: on a local workspace use INSERT INTO … SELECT * FROM json.`path`."
    ),
    r"\b(MATERIALIZED\s+VIEW|STREAMING\s+TABLE)\b": (
        "Materialized views and streaming tables outside of a pipeline exist on Databricks only: define them in a "
        "pipeline."
    ),
    r"\bis_(account_group_)?member\s*\(": (
        "Groups exist on Databricks only: a local workspace has one user, whom current_user() names."
    ),
    r"^\s*(CREATE|ALTER|DROP)\s+(EXTERNAL\s+)?VOLUME\b": (
        "Volumes in SQL exist on Databricks only: on a local workspace use the volumes API, w.volumes.create and "
        "w.volumes.delete."
    ),
    r"^\s*(CREATE|ALTER|DROP)\s+CATALOG\b": (
        "Catalogs in SQL exist on Databricks only: on a local workspace use the catalogs API, w.catalogs.create."
    ),
    r"\bai_\w+\s*\(": (
        "AI functions exist on Databricks only: on a local workspace call the serving endpoint from Python."
    ),
}


def failure(error: Exception, statement: str, catalog: str) -> Failure:
    """Spark's message without the JVM's stack trace, and a sentence on what to do if open Spark lacks a feature.

    `catalog` is the workspace's name for Spark's own catalog.
    """
    down = isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
    if down:
        return {"error_code": "TEMPORARILY_UNAVAILABLE", "message": str(error)}
    text = message(error)
    if catalog:
        text = text.replace("spark_catalog", catalog)
    way = way_out(statement) if _UNKNOWN.search(text) else ""
    return {"error_code": "BAD_REQUEST", "message": f"{text.rstrip()}\n\n{way}" if way else text}


def way_out(statement: str) -> str:
    """A sentence on what to do instead of a statement that open Spark doesn't know; empty if there is no advice."""
    found = (way for pattern, way in _WAYS_OUT.items() if re.search(pattern, statement, re.IGNORECASE))
    return next(found, "")
