import math

import pytest

from refund_manager.domain.timeline import Route
from refund_manager.web.drawing import (
    CHART_HEIGHT,
    CHART_WIDTH,
    MAP_HEIGHT,
    MAP_WIDTH,
    OVERRULED_HEIGHT,
    bars,
    route_map,
)

KITCHEN, ADDRESS = (37.70, -122.40), (37.80, -122.50)


def day(suggested: float, granted: float, decided: int = 0, overruled: int = 0) -> dict:
    return {"suggested_usd": suggested, "granted_usd": granted, "decided": decided, "overruled": overruled}


def test_bars_fill_the_chart_and_keep_its_proportions():
    drawn = bars([day(10, 5, decided=4, overruled=1), day(0, 20)])
    assert [(bar.suggested, bar.granted) for bar in drawn] == [
        (CHART_HEIGHT / 2, CHART_HEIGHT / 4),
        (0.0, CHART_HEIGHT),
    ]
    assert [bar.overruled for bar in drawn] == [OVERRULED_HEIGHT / 4, None]
    assert drawn[0].x == 0 and drawn[1].x == CHART_WIDTH / 2
    assert drawn[1].x + drawn[1].width <= CHART_WIDTH


def test_days_without_money_have_flat_bars_and_no_days_none():
    assert [(bar.suggested, bar.granted) for bar in bars([day(0, 0)])] == [(0.0, 0.0)]
    assert bars([]) == []


def test_a_map_has_north_up_and_everything_in_it():
    found = route_map(Route(points=[KITCHEN, ADDRESS], pings=[(37.75, -122.52)]))
    assert found is not None
    (kitchen_x, kitchen_y), (address_x, address_y) = found.kitchen, found.address
    assert address_y < kitchen_y, "north is up"
    assert address_x < kitchen_x, "west is left"
    for x, y in [found.kitchen, found.address, *found.pings]:
        assert 0 <= x <= MAP_WIDTH and 0 <= y <= MAP_HEIGHT
    assert found.route == f"{kitchen_x},{kitchen_y} {address_x},{address_y}"


def test_a_map_is_to_scale():
    east, north = 0.1 / math.cos(math.radians(37.75)), 0.1  # as many kilometres to the east as to the north
    found = route_map(Route(points=[(37.70, -122.40), (37.70 + north, -122.40 + east)], pings=[]))
    assert found is not None
    width, height = found.address[0] - found.kitchen[0], found.kitchen[1] - found.address[1]
    assert width == pytest.approx(height, abs=0.3)


def test_a_route_of_one_place_is_drawn_in_the_middle_and_one_of_no_length_is_not_divided_by():
    found = route_map(Route(points=[KITCHEN, KITCHEN], pings=[]))
    assert found is not None and found.kitchen == (MAP_WIDTH / 2, MAP_HEIGHT / 2)
    assert route_map(Route(points=[KITCHEN], pings=[ADDRESS])) is None
