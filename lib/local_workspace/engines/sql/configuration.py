"""SET and RESET on a SQL warehouse, which has a few configuration parameters and no Spark configuration besides.

See https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameters. They last as long as the session: one
statement of the API, or all of a SQL file or a notebook.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_workspace.engines.sql.words import after_comments
from local_workspace.runtime.errors import invalid

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

# What else begins with SET is Spark's: SET TIME ZONE, SET VARIABLE, SET (a, b) = …
_OTHERS = r"(?:TIME\s+ZONE|VAR|VARIABLE|SESSION|QUERY_TAGS)\b"
_SET = re.compile(
    rf"SET(?:\s+(?P<all>-v)|\s+(?!{_OTHERS})`?(?P<name>[\w.-]+)`?(?:\s*=\s*(?P<value>.*?))?)?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_RESET = re.compile(r"RESET(?:\s+`?(?P<name>[\w.-]+)`?)?\s*;?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class _Parameter:
    """A parameter: Spark's property that has its value, and the values that it takes, of which Spark checks its own."""

    property: str
    default: str
    meaning: str
    values: str = ".*"


_TIMEOUT = _Parameter(
    "local_workspace.statement_timeout", "172800", "Sets the SQL statement timeout in seconds.", r"\d{1,6}"
)
_PARAMETERS = {
    "ANSI_MODE": _Parameter(
        "spark.sql.ansi.enabled",
        "true",
        "Allows you to disable strict ANSI SQL behavior for certain functions and casting rules.",
    ),
    "LEGACY_TIME_PARSER_POLICY": _Parameter(
        "spark.sql.legacy.timeParserPolicy",
        "CORRECTED",
        "Controls how dates and timestamps are parsed and formatted.",
    ),
    "MAX_FILE_PARTITION_BYTES": _Parameter(
        "spark.sql.files.maxPartitionBytes",
        "134217728b",
        "The maximum number of bytes to pack into a single partition when reading from file based sources.",
    ),
    "STATEMENT_TIMEOUT": _TIMEOUT,
    "TIMEZONE": _Parameter("spark.sql.session.timeZone", "UTC", "Sets the local timezone."),
    # There is no cache of results here, so that either value has the same effect.
    "USE_CACHED_RESULT": _Parameter(
        "local_workspace.use_cached_result",
        "true",
        "Controls whether Databricks SQL caches and reuses results whenever possible.",
        "(?i:true|false)",
    ),
}


def configured(session: "SparkSession", statement: str) -> "DataFrame | None":
    """Do what a SET or RESET of parameters says, and give its answer; None for another statement.

    Raises ApiError 400 for a parameter that a warehouse doesn't have, or for a value that it doesn't take.
    """
    text = after_comments(statement)
    if found := _RESET.fullmatch(text):
        chosen = [_parameter(found["name"])] if found["name"] else _PARAMETERS.values()
        return [session.sql(f"RESET `{parameter.property}`") for parameter in chosen][-1]
    if not (found := _SET.fullmatch(text)):
        return None
    if found["name"] is None:
        return _listed(session, with_meaning=found["all"] is not None)
    if found["value"] is not None:
        _set(session, found["name"], found["value"])
    value = _value(session, _parameter(found["name"]))
    return session.sql("SELECT :key AS key, :value AS value", {"key": found["name"], "value": value})


class TimedOut(Exception):
    """A statement took longer than its session allows."""

    def __init__(self) -> None:
        super().__init__(
            "The statement took longer than STATEMENT_TIMEOUT allows: set more seconds, or 0 for no limit."
        )


@contextmanager
def time_limit(session: "SparkSession") -> Iterator[None]:
    """End the block's statement once it has taken as long as STATEMENT_TIMEOUT allows, and raise TimedOut then."""
    ended = threading.Event()

    def end() -> None:
        ended.set()
        session.interruptAll()

    timer = threading.Timer(statement_timeout(session) or threading.TIMEOUT_MAX, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if ended.is_set():
            raise TimedOut from error
        raise
    finally:
        timer.cancel()


def statement_timeout(session: "SparkSession") -> int:
    """After how many seconds a statement of the session has to end; 0 is never."""
    return int(_value(session, _TIMEOUT))


def _set(session: "SparkSession", name: str, value: str) -> None:
    parameter = _parameter(name)
    quoted = re.fullmatch(r"(['\"`])(.*)\1", value, re.DOTALL)
    plain = quoted[2] if quoted else value
    if not re.fullmatch(parameter.values, plain, re.DOTALL):
        raise invalid(
            f"The configuration parameter {name.upper()} can't be {plain[:100]!r}: it is {parameter.default}, say."
        )
    session.conf.set(parameter.property, plain)


def _parameter(name: str) -> _Parameter:
    if parameter := _PARAMETERS.get(name.upper()):
        return parameter
    raise invalid(
        f"[CONFIG_NOT_AVAILABLE] Configuration {name[:100]} is not available. SQLSTATE: 42K0I\nA SQL warehouse has "
        f"{', '.join(_PARAMETERS)}; Spark's configuration is set in notebooks and Python tasks."
    )


def _value(session: "SparkSession", parameter: _Parameter) -> str:
    return str(session.conf.get(parameter.property, parameter.default))


def _listed(session: "SparkSession", with_meaning: bool) -> "DataFrame":
    """All parameters with what they mean, or those that were changed in this session."""
    values = {name: _value(session, parameter) for name, parameter in _PARAMETERS.items()}
    if with_meaning:
        rows = [(name, values[name], parameter.meaning) for name, parameter in _PARAMETERS.items()]
        return session.createDataFrame(rows, "key STRING, value STRING, meaning STRING")
    changed = [(name, values[name]) for name in _PARAMETERS if values[name] != _PARAMETERS[name].default]
    return session.createDataFrame(changed, "key STRING, value STRING")
