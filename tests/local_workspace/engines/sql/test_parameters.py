"""Values of a statement's parameters, read from text."""

from decimal import Decimal

import pytest

from local_workspace.engines.sql.parameters import Parameter, check_names
from local_workspace.runtime.errors import ApiError


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("STRING", "5", "5"),
        ("string", "", ""),
        ("INT", "-5", -5),
        ("BIGINT", "9223372036854775807", 9223372036854775807),
        ("DOUBLE", "1e3", 1000.0),
        ("DECIMAL(10, 2)", "1.50", Decimal("1.50")),
        ("decimal", "9" * 38, Decimal("9" * 38)),
        ("DECIMAL", "2.5", Decimal("2.5")),
        ("DECIMAL", "-0.001", Decimal("-0.001")),
        ("DECIMAL(4,2)", "2.555", Decimal("2.56")),
        ("DECIMAL(5)", "1e2", Decimal("100")),
        ("DECIMAL(38,10)", f"{'1' * 28}.0123456789", Decimal(f"{'1' * 28}.0123456789")),
        ("tinyint", "127", 127),
        ("INT", " +5 ", 5),
        ("DOUBLE", "-inf", float("-inf")),
        ("TIMESTAMP", "2024-01-01 00:00:00", "TIMESTAMP'2024-01-01 00:00:00.0'"),
        ("TIMESTAMP", "0001-01-01 1:2+05:30", "TIMESTAMP'0001-01-01 01:02:00.0 +05:30'"),
        ("TIMESTAMP", "9999-12-31 23:59:59.5 Europe/Berlin", "TIMESTAMP'9999-12-31 23:59:59.5 Europe/Berlin'"),
        ("TIMESTAMP_NTZ", "2024-01-01T00:00:00Z", "TIMESTAMP_NTZ'2024-01-01 00:00:00.0'"),
        ("DATE", "-0044-3-15", "DATE'-0044-03-15'"),
        ("DATE", " 12345-02-28T01:00 ", "DATE'12345-02-28'"),
        ("VARCHAR(3)", "abcd", "abcd"),
        ("BOOLEAN", "TRUE", True),
        ("BOOLEAN", "false", False),
        ("DATE", "2024-02-29", "DATE'2024-02-29'"),
        ("TIMESTAMP", "2024-02-29T12:00:00Z", "TIMESTAMP'2024-02-29 12:00:00.0 Z'"),
    ],
)
def test_text_is_read_as_its_type(type_, text, value):
    found = Parameter("p", text, type_).read()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("type_", ["STRING", "INT", "DECIMAL", "BOOLEAN", "DATE"])
def test_no_text_is_null_in_every_type(type_):
    assert Parameter("p", None, type_).read() is None


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("INT", "five"),
        ("INT", "1.5"),
        ("INT", ""),
        ("DOUBLE", "1,5"),
        ("DECIMAL", "NaN"),
        ("DECIMAL", "Infinity"),
        ("DECIMAL", "1e999999"),
        ("DECIMAL", "x"),
        ("DATE", "2023-02-29"),
        ("DATE", "20240101"),
        ("DATE", "2024-W01-1"),
        ("DATE", "1234567890-01-01"),
        ("TIMESTAMP", "noon"),
        ("TIMESTAMP", "2024-01-01 25:00"),
        ("TIMESTAMP", "2024-01-01 00:00' || '"),
        ("TIMESTAMP", "300000-01-01"),
        ("INT", "١"),
        ("DOUBLE", "1_0"),
        ("DECIMAL", "1_0"),
        ("BOOLEAN", "yes"),
        ("TINYINT", "128"),
        ("INT", "2147483648"),
        ("INT", "1_000"),
        ("VOID", "x"),
    ],
)
def test_text_that_is_none_of_its_type_is_refused_by_name(type_, text):
    with pytest.raises(ApiError, match=f"Parameter 'price': .* is not a valid {type_}") as refused:
        Parameter("price", text, type_).read()
    assert refused.value.status == 400


def test_two_values_of_one_name_are_refused():
    with pytest.raises(ApiError, match=r"MARKER_VALUE.DUPLICATE_NAME.*with the name 'a'"):
        check_names([Parameter("a", "1"), Parameter("b"), Parameter("a", "2")])


def test_a_decimal_that_does_not_fit_is_refused():
    with pytest.raises(ApiError, match=r"'100' is not a valid DECIMAL\(4,2\)"):
        Parameter("p", "100", "DECIMAL(4,2)").read()


@pytest.mark.parametrize("type_", ["ARRAY<INT>", "STRUCT<a: INT>", "MAP<INT,INT>", "VARIANT", "NOTYPE", "", "()"])
def test_a_type_without_parameters_is_refused_with_those_that_have(type_):
    with pytest.raises(ApiError, match="is not supported; use one of BIGINT, BINARY"):
        Parameter("p", None, type_).read()


@pytest.mark.parametrize("type_", ["DECIMAL(39,2)", "DECIMAL(2,3)", "DECIMAL(x)", "DECIMAL(0)"])
def test_a_decimal_has_at_most_38_digits(type_):
    with pytest.raises(ApiError, match="is not a decimal type with up to 38 digits"):
        Parameter("p", "1", type_).read()


@pytest.mark.parametrize(
    ("type_", "text", "literal"),
    [
        ("INTERVAL DAY", "-3", "INTERVAL '-3' DAY"),
        ("interval days", "3", "INTERVAL '3' DAY"),
        ("INTERVAL YEAR TO MONTH", "1-2", "INTERVAL '1-2' YEAR TO MONTH"),
        ("INTERVAL DAY TO SECOND", "1 02:03:04.5", "INTERVAL '1 02:03:04.5' DAY TO SECOND"),
        ("INTERVAL HOUR TO MINUTE", "INTERVAL -'36:03' HOUR TO MINUTE", "INTERVAL -'36:03' HOUR TO MINUTE"),
    ],
)
def test_an_interval_is_read_as_a_literal(type_, text, literal):
    assert Parameter("p", text, type_).read() == literal


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("INTERVAL DAY", "x"),
        ("INTERVAL DAY", "1' DAY || '"),
        ("INTERVAL YEAR TO MONTH", "1-12"),
        ("INTERVAL DAY TO MINUTE", "1 25:00"),
        ("INTERVAL DAY TO MINUTE", "INTERVAL '1' DAY"),
    ],
)
def test_a_text_that_is_no_interval_is_refused(type_, text):
    with pytest.raises(ApiError, match=f"Parameter 'p': .* is not a valid {type_}"):
        Parameter("p", text, type_).read()


@pytest.mark.parametrize("type_", ["INTERVAL", "INTERVAL WEEK", "INTERVAL MONTH TO DAY", "INTERVAL SECOND TO DAY"])
def test_a_type_of_other_fields_is_no_interval(type_):
    with pytest.raises(ApiError, match="is not an interval type"):
        Parameter("p", None, type_).read()
