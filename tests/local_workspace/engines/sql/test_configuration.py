"""The configuration parameters of a SQL warehouse.

Source: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameters
"""

import pytest
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession

from local_workspace.engines.sql.configuration import configured, statement_timeout
from local_workspace.runtime.errors import ApiError


@pytest.fixture
def session(workspace, spark):
    own = SparkSession.builder.remote(workspace["SPARK_REMOTE"]).create()
    yield own
    own.stop()


def rows(session, statement: str) -> list[tuple]:
    return [tuple(row) for row in configured(session, statement).collect()]


def value(session, query: str) -> object:
    return session.sql(f"SELECT {query}").collect()[0][0]


def test_a_parameter_has_its_effect_until_it_is_reset(session):
    assert rows(session, "-- a zone\nset timezone = 'Asia/Tokyo';") == [("timezone", "Asia/Tokyo")]
    assert value(session, "current_timezone()") == "Asia/Tokyo"
    assert rows(session, "SET ANSI_MODE = false") == [("ANSI_MODE", "false")]
    assert value(session, "CAST('a' AS INT)") is None
    assert rows(session, "SET") == [("ANSI_MODE", "false"), ("TIMEZONE", "Asia/Tokyo")]
    assert rows(session, "RESET ansi_mode") == []
    with pytest.raises(PySparkException, match="CAST_INVALID_INPUT"):
        value(session, "CAST('a' AS INT)")
    rows(session, "SET `LEGACY_TIME_PARSER_POLICY` = LEGACY")
    rows(session, "SET STATEMENT_TIMEOUT = 7")
    assert statement_timeout(session) == 7
    rows(session, "RESET")
    assert rows(session, "SET") == []
    assert statement_timeout(session) == 172_800


def test_all_parameters_are_listed_with_what_they_mean(session):
    found = {key: (value, meaning) for key, value, meaning in rows(session, "SET -v")}
    assert found["TIMEZONE"] == ("UTC", "Sets the local timezone.")
    assert rows(session, "SET use_cached_result") == [("use_cached_result", "true")]


@pytest.mark.parametrize("name", ["nonsense", "spark.sql.ansi.enabled", "READ_ONLY_EXTERNAL_METASTORE"])
@pytest.mark.parametrize("statement", ["SET {} = 1", "SET {}", "RESET {}"])
def test_another_configuration_is_not_available(session, name, statement):
    with pytest.raises(
        ApiError, match=rf"(?s)\[CONFIG_NOT_AVAILABLE\] Configuration {name} is not available.*ANSI_MODE"
    ):
        configured(session, statement.format(name))


@pytest.mark.parametrize("statement", ["SET STATEMENT_TIMEOUT = soon", "SET USE_CACHED_RESULT = 1"])
def test_a_value_is_checked(session, statement):
    with pytest.raises(ApiError, match="can't be"):
        configured(session, statement)
    for bad in ("SET TIMEZONE = Mars/Phobos", "SET ANSI_MODE = perhaps", "SET LEGACY_TIME_PARSER_POLICY = NEW"):
        with pytest.raises(PySparkException):
            configured(session, bad)


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1", "SET TIME ZONE 'UTC'", "SET VAR x = 1", "SET VARIABLE x = 1", "SET (a, b) = (SELECT 1, 2)", "USE t"],
)
def test_what_else_begins_with_set_is_left_to_spark(session, statement):
    assert configured(session, statement) is None
