import json
from datetime import datetime
from decimal import Decimal

import pytest

from refund_manager.domain.timeline import minutes_between, minutes_half_up, parse_timestamp, timeline

ITEMS = [{"name": "Dumplings", "qty": 2, "price": "4.50"}, {"name": "Tea", "qty": 1, "price": "1.10"}]
ROUTE = [[37.0, -122.0], [37.1, -122.1]]


def row(kind: str, minute: float, **body: object) -> list[str]:
    return [kind, f"2026-11-28T10:{int(minute):02}:{int(minute % 1 * 60):02}Z", "3", json.dumps(body)]


WHOLE = [
    row("order_created", 0, items=ITEMS),
    row("gk_started", 2),
    row("driver_picked_up", 20, route_points=ROUTE),
    row("driver_ping", 21, loc_lat=37.0, loc_lon=-122.0),
    row("driver_ping", 22, loc_lat=None, loc_lon=None),
    row("driver_ping", 23.5, loc_lat=37.05, loc_lon=-122.05),
    row("delivered", 30.25),
]


def test_an_orders_events_become_stages_items_and_a_route():
    found = timeline("o-1", WHOLE)
    assert [(stage.name, stage.minutes, stage.pings) for stage in found.stages] == [
        ("Ordered", None, 0),
        ("Cooking started", 2.0, 0),
        ("Picked up", 18.0, 0),
        ("On the way", 3.5, 3),
        ("Delivered", 6.8, 0),
    ]
    assert (found.order_id, found.location_id, found.total_usd) == ("o-1", 3, Decimal("10.10"))
    assert found.items[0].total == Decimal("9.00")
    assert found.route.points == [(37.0, -122.0), (37.1, -122.1)]
    assert found.route.pings == [(37.0, -122.0), (37.05, -122.05)]
    assert found.delivery_minutes == 30.3  # 30.25, half up as the policy rounds


def test_pings_on_either_side_of_another_event_are_two_stages():
    events = [WHOLE[0], row("driver_ping", 1), row("driver_arrived", 2), row("driver_ping", 3), row("driver_ping", 4)]
    found = timeline("o-1", events)
    assert [(stage.name, stage.pings) for stage in found.stages][1:] == [
        ("On the way", 1),
        ("Driver arrived", 0),
        ("On the way", 2),
    ]


def test_an_order_that_is_not_delivered_has_no_delivery_minutes_and_no_route():
    found = timeline("o-1", WHOLE[:2])
    assert found.delivery_minutes is None
    assert (found.route.points, found.route.pings) == ([], [])


def test_an_event_of_an_unknown_kind_keeps_its_own_name():
    assert timeline("o-1", [WHOLE[0], row("order_refused", 1)]).stages[1].name == "order_refused"


def test_an_event_without_a_body_is_read():
    assert timeline("o-1", [["gk_started", "2026-11-28T10:00:00Z", "3", ""]]).stages[0].name == "Cooking started"


@pytest.mark.parametrize("broken", [["delivered", "soon", "3", "{}"], ["delivered", "2026-11-28", "3", "{"]])
def test_an_event_that_cannot_be_read_is_an_error(broken):
    with pytest.raises(ValueError, match="soon|Expecting"):
        timeline("o-1", [broken])


def test_minutes_round_to_a_tenth_and_half_up_where_the_policy_does():
    start, end = datetime(2026, 1, 1, 10), datetime(2026, 1, 1, 10, 0, 27)
    assert (minutes_between(start, end), minutes_half_up(start, end)) == (0.5, 0.5)
    quarter = datetime(2026, 1, 1, 10, 0, 15)  # 0.25: half to even gives 0.2
    assert (minutes_between(start, quarter), minutes_half_up(start, quarter)) == (0.2, 0.3)
    assert minutes_between(None, end) is None
    assert minutes_half_up(start, None) is None
    assert parse_timestamp(None) is None
