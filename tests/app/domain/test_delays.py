from datetime import UTC, datetime
from decimal import Decimal

import pytest

from refund_manager.domain.delays import delays
from refund_manager.domain.models import Recommendation

USUAL = {"kitchen_p75": 20.0, "waiting_p75": Decimal("5.0"), "road_p75": None}
AT = datetime(2026, 11, 28, tzinfo=UTC)


def order(kitchen: float | None, waiting: float | None, road: float | None) -> Recommendation:
    known = {name: None for name in Recommendation.model_fields}
    return Recommendation(
        **known
        | {"order_id": "o-1", "ts": AT, "order_ts": AT, "source": "agent", "suggested_reason": ""}
        | {"kitchen_minutes": kitchen, "waiting_minutes": waiting, "road_minutes": road}
    )


@pytest.mark.parametrize(
    ("minutes", "late"),
    [
        ((25.0, 12.0, 90.0), ["Waiting for a driver"]),  # 7 above the usual; the road's usual is unknown
        ((28.0, 12.0, None), ["Kitchen"]),
        ((20.0, 5.0, 3.0), []),  # as usual is not late
        ((10.0, 1.0, None), []),
    ],
)
def test_the_stage_that_exceeds_its_usual_minutes_most_is_late(minutes, late):
    assert [delay.name for delay in delays(order(*minutes), USUAL) if delay.late] == late


def test_stages_that_are_not_over_are_left_out():
    assert [(delay.name, delay.minutes, delay.usual) for delay in delays(order(21.0, None, 4.0), USUAL)] == [
        ("Kitchen", 21.0, 20.0),
        ("On the road", 4.0, None),
    ]
    assert delays(order(None, None, None), USUAL) == []


def test_without_the_citys_usual_minutes_no_stage_is_late():
    assert [(delay.usual, delay.late) for delay in delays(order(500.0, 500.0, 500.0), None)] == [(None, False)] * 3
