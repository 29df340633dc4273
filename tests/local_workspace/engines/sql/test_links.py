"""Signed links to the chunks of results."""

from urllib.parse import parse_qs, urlsplit

import pytest

from local_workspace.engines.sql.links import LIFE, Links
from local_workspace.runtime.errors import ApiError

NOW = 1_800_000_000.5


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def parts(link: str) -> tuple[int, str]:
    query = parse_qs(urlsplit(link).query)
    return int(query["expires"][0]), query["signature"][0]


def test_a_link_is_valid_for_a_quarter_of_an_hour():
    clock = Clock()
    links = Links(clock)
    link, expires = links.make("a", 3)
    assert urlsplit(link).path == "/sql-results/a/3"
    assert parts(link)[0] == expires == int(NOW) + LIFE == int(NOW) + 900
    links.check("a", 3, *parts(link))
    clock.now = expires
    with pytest.raises(ApiError, match="expired") as refused:
        links.check("a", 3, *parts(link))
    assert refused.value.status == 403


@pytest.mark.parametrize(("statement", "chunk", "later"), [("b", 0, 0), ("a", 1, 0), ("a", 0, 60)])
def test_a_link_is_to_one_chunk_and_its_end_is_part_of_it(statement, chunk, later):
    links = Links(Clock())
    expires, signature = parts(links.make("a", 0)[0])
    with pytest.raises(ApiError, match="signature"):
        links.check(statement, chunk, expires + later, signature)


@pytest.mark.parametrize("signature", ["", "é", "0" * 64])
def test_a_signature_is_not_made_up(signature):
    with pytest.raises(ApiError, match="signature"):
        Links(Clock()).check("a", 0, int(NOW) + 60, signature)
