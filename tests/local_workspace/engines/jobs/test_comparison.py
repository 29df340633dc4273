import pytest

from local_workspace.engines.jobs.comparison import OPERATORS, outcome
from local_workspace.runtime.errors import ApiError


@pytest.mark.parametrize(
    ("left", "right", "true_for"),
    [
        ("12.0", "12", {"NOT_EQUAL", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL"}),
        ("10.0", "12", {"NOT_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL"}),
        ("9", "-10", {"NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL"}),
        ("0.1", "0.1", {"EQUAL_TO", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL"}),
    ],
)
def test_texts_are_compared_for_equality_and_numbers_for_size(left, right, true_for):
    conditions = [{"op": op, "left": left, "right": right} for op in OPERATORS]
    assert {condition["op"] for condition in conditions if outcome(condition) == "true"} == true_for


@pytest.mark.parametrize("text", ["", "true", "nan", "1,5", "{{tasks.a.values.b}}"])
def test_what_is_no_number_has_no_size(text):
    assert outcome({"op": "EQUAL_TO", "left": text, "right": text}) == "true"
    with pytest.raises(ApiError, match="LESS_THAN compares numbers; '"):
        outcome({"op": "LESS_THAN", "left": "1", "right": text})
