import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from refund_manager.domain.cursor import pack, parse_number, parse_time, unpack
from refund_manager.domain.errors import BadField


def position(time: str, amount: str, order: str) -> tuple[datetime, Decimal, str]:
    return parse_time(time), parse_number(amount), order


def test_a_cursor_gives_back_its_position():
    time = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)
    assert unpack(pack(time.isoformat(), Decimal("12.34"), "o-1"), position) == (time, Decimal("12.34"), "o-1")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "%%%",
        "é",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        pack("2026-11-28T10:30:00+00:00", "1.00"),
        pack("2026-11-28T10:30:00+00:00", "1.00", "o-1", "more"),
        pack("yesterday", "1.00", "o-1"),
        pack("2026-11-28T10:30:00+00:00", "much", "o-1"),
        pack("2026-11-28T10:30:00+00:00", "NaN", "o-1"),
        pack("2026-11-28T10:30:00+00:00", "1e400", "o-1"),
        pack("2026-11-28T10:30:00+00:00", "1.00", "o\0"),
        pack("0001-01-01T00:00:00+23:00", "1.00", "o-1"),
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused_by_name(cursor):
    with pytest.raises(BadField, match="not a cursor of this list"):
        unpack(cursor, position)
