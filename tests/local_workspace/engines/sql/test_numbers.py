import pytest

from local_workspace.engines.sql.numbers import double_text, float_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (1e16, "1.0E16"),
        (12345678.0, "1.2345678E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (-1e-5, "-1.0E-5"),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (100.0, "100.0"),
    ],
)
def test_doubles_are_written_as_java_writes_them(value, text):
    assert double_text(value) == text


def test_a_float_has_no_digits_of_a_double():
    assert float_text(0.10000000149011612) == "0.1"
