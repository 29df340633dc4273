import pytest

from waiting import eventually


def test_the_first_result_that_satisfies_the_condition_comes_back():
    numbers = iter(range(10))
    assert eventually(lambda: next(numbers), lambda number: number > 3) == 4
    assert eventually(lambda: next(numbers), 7) == 7


def test_only_the_named_exceptions_count_as_not_yet():
    answers = iter([KeyError("soon"), KeyError("soon"), ValueError("broken")])

    def look():
        raise next(answers)

    with pytest.raises(ValueError, match="broken"):
        eventually(look, ignoring=KeyError)


def test_a_condition_that_never_holds_is_named_with_what_was_seen_last():
    oven = {"degrees": 20}
    with pytest.raises(AssertionError, match=r'Waited 0 s for .*oven\["degrees"\].* to give 230; last seen: 20'):
        eventually(lambda: oven["degrees"], 230, seconds=0)
