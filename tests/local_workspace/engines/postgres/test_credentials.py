"""Passwords that end by themselves."""

import pytest

from local_workspace.engines.postgres.credentials import is_valid, issue

NOW = 1_800_000_000


def test_several_are_valid_at_once_each_until_its_end():
    first, second = issue("key", "ann", NOW + 60), issue("key", "ann", NOW + 3600)
    assert first != second
    assert [is_valid("key", "ann", each, NOW) for each in (first, second)] == [True, True]
    assert [is_valid("key", "ann", each, NOW + 60) for each in (first, second)] == [False, True]
    assert not is_valid("key", "ann", second, NOW + 3600)


@pytest.mark.parametrize(("key", "role"), [("key", "bob"), ("another", "ann")])
def test_it_is_of_one_role_and_one_key(key, role):
    assert not is_valid(key, role, issue("key", "ann", NOW + 60), NOW)


@pytest.mark.parametrize("password", ["", ".", "guess", "9" * 400, f"{NOW + 60}.", "²" * 9, "é" * 64])
def test_what_was_not_issued_is_not_valid(password):
    assert not is_valid("key", "ann", password, NOW)


def test_a_later_end_is_not_made_up():
    end, _, signature = issue("key", "ann", NOW).partition(".")
    assert not is_valid("key", "ann", f"{int(end) + 60}.{signature}", NOW)
