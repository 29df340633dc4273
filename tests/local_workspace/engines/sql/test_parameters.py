"""Values of a statement's parameters, read from text."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from local_workspace.engines.sql.parameters import Parameter
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
        ("BOOLEAN", "TRUE", True),
        ("BOOLEAN", "false", False),
        ("DATE", "2024-02-29", date(2024, 2, 29)),
        ("TIMESTAMP", "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
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
        ("TIMESTAMP", "noon"),
    ],
)
def test_text_that_is_none_of_its_type_is_refused_by_name(type_, text):
    with pytest.raises(ApiError, match=f"Parameter 'price': .* is no {type_}") as refused:
        Parameter("price", text, type_).read()
    assert refused.value.status == 400
