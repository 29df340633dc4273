import pytest

from local_workspace.engines.guide import GuideEngine
from local_workspace.engines.guide.engine import MOST_SECTIONS
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.store import Store


@pytest.fixture
def guide(tmp_path):
    return GuideEngine(Store(tmp_path / "store.db"))


def section(key, position=0):
    return {"key": key, "title": key.upper(), "position": position, "items": []}


def test_sections_are_shown_by_position_and_then_in_the_order_of_their_writing(guide):
    for key, position in (("b", 1), ("c", 1), ("a", 0), ("b", 1)):
        guide.put(section(key, position))
    assert [each["key"] for each in guide.list()] == ["a", "b", "c"]


def test_a_deleted_section_is_gone(guide):
    guide.put(section("a"))
    guide.delete("a")
    assert guide.list() == []
    with pytest.raises(ApiError, match="no section 'a'"):
        guide.delete("a")


def test_there_is_a_limit(guide):
    for number in range(MOST_SECTIONS):
        guide.put(section(str(number)))
    guide.put(section("7"))
    with pytest.raises(ApiError, match="holds 100 sections"):
        guide.put(section("one more"))
