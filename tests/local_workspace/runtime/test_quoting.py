import pytest

from local_workspace.runtime.quoting import quoted, readable


@pytest.mark.parametrize(
    ("part", "written"),
    [("a", "`a`"), ("a.b", "`a.b`"), ("a`b", "`a``b`"), ("", "``")],
)
def test_a_backquote_is_doubled(part: str, written: str) -> None:
    assert quoted(part) == written


@pytest.mark.parametrize("part", ["a", "_a1", "Orders_2026"])
def test_a_plain_name_stays_as_it_is(part: str) -> None:
    assert readable(part) == part


@pytest.mark.parametrize("part", ["1a", "a-b", "a b", "größe", "a\n", ""])
def test_any_other_name_is_quoted(part: str) -> None:
    assert readable(part) == quoted(part)
