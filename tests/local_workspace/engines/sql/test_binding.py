from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from local_workspace.engines.sql.binding import bind, literal
from local_workspace.runtime.errors import ApiError


def test_a_marker_is_replaced_everywhere_but_in_quotes_and_comments():
    sql = "SELECT ':a', \":a\", `:a`, x::int, :a /* :a */ -- :a\n FROM t WHERE b = :a"
    assert bind(sql, {"a": 1}) == "SELECT ':a', \":a\", `:a`, x::int, 1L /* :a */ -- :a\n FROM t WHERE b = 1L"


def test_a_value_with_quotes_stays_a_value():
    assert bind("SELECT :v", {"v": "a' OR 1=1 -- \\"}) == "SELECT 'a\\' OR 1=1 -- \\\\'"


def test_a_marker_in_a_value_is_not_replaced_again():
    assert bind("SELECT :a, :b", {"a": ":b", "b": 2}) == "SELECT ':b', 2L"


def test_a_missing_value_is_named():
    with pytest.raises(ApiError, match=":b"):
        bind("SELECT :b", {"a": 1})


VALUES = [
    None,
    True,
    7,
    -(2**62),
    0.1,
    1e300,
    Decimal("12.50"),
    date(2026, 3, 2),
    datetime(2026, 3, 2, 12, 0, 0, 123000, tzinfo=UTC),
    "",
    "it's",
    "back\\slash",
    "line\nbreak",
    "100 % café ☕",
]


def test_spark_reads_every_literal_back_as_the_same_value(spark):
    row = spark.sql("SELECT " + ", ".join(f"{literal(value)} AS c{n}" for n, value in enumerate(VALUES))).collect()[0]
    read = [value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row]
    assert read == VALUES
