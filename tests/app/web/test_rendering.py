"""Links with query parameters."""

from urllib.parse import parse_qs, urlsplit

import pytest

from refund_manager.web.rendering import with_query


@pytest.mark.parametrize(
    ("values", "changes", "link"),
    [
        ({}, {}, "/queue"),
        ({"city": "", "sort": None}, {}, "/queue"),
        ({"city": "Chicago", "limit": 0}, {}, "/queue?city=Chicago&limit=0"),
        ({"city": "Chicago", "sort": "newest"}, {"city": None, "sort": "oldest"}, "/queue?sort=oldest"),
        ({}, {"done": "AB12CD"}, "/queue?done=AB12CD"),
    ],
)
def test_a_link_has_what_is_set_and_changed(values, changes, link):
    assert with_query("/queue", values, **changes) == link


@pytest.mark.parametrize("text", ["a&b=c", "50 % + tip", "é#?", "a\nb"])
def test_any_text_comes_back_from_a_link(text):
    assert parse_qs(urlsplit(with_query("/queue", {"text": text})).query) == {"text": [text]}
