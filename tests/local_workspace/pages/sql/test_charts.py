import pytest

from local_workspace.pages.sql.charts import HEIGHT, WIDTH, draw


def test_bars_stand_on_zero_and_are_as_high_as_their_values():
    chart = draw([("a", 50.0), ("b", 100.0), ("c", -50.0)], lines=False)
    first, second, third = chart.bars
    assert second.height == pytest.approx(2 * first.height, abs=0.2)
    assert first.y + first.height == pytest.approx(chart.zero, abs=0.2)
    assert third.y == chart.zero
    assert second.title == "b: 100"
    assert [mark.text for mark in chart.beside] == ["-50", "0", "50", "100"]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and 0 <= bar.y <= HEIGHT for bar in chart.bars)


def test_a_line_goes_through_all_points_and_only_some_are_labelled():
    chart = draw([(str(day), float(day)) for day in range(100)], lines=True)
    assert chart.line.startswith("M") and chart.line.count("L") == 99
    assert [mark.text for mark in chart.below] == [str(day) for day in range(0, 100, 13)]


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [3.0], [-3.0, -1.0], [1e-9, 2e-9], [1e200, 5.0]])
def test_any_numbers_can_be_drawn(values):
    for lines in (True, False):
        chart = draw([("x", value) for value in values], lines)
        assert 0 <= chart.zero <= HEIGHT and len(chart.beside) >= 2


def test_without_points_there_is_no_chart():
    assert draw([], lines=False) is None
