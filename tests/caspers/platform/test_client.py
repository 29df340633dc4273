import pytest

from caspers.platform.client import required


@pytest.mark.parametrize("value", [0, "", [], "x"])
def test_a_value_is_given_back(value):
    assert required(value, "thing") is value


def test_a_missing_field_is_named():
    with pytest.raises(RuntimeError, match="answer has no job id"):
        required(None, "job id")
