"""Pictures that several notebooks draw."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from caspers import plots


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def texts(axes) -> set[str]:
    return {text.get_text() for text in axes.texts if text.get_text()}


def test_each_location_has_its_color_and_a_fifth_one_begins_again():
    colors = [plots.location(number) for number in range(1, 6)]
    assert len(set(colors)) == 4 and colors[4] == colors[0]


def test_no_color_has_two_meanings():
    named = [plots.REFUND_CLASS, plots.OUTCOME, plots.STAGE, plots.VERDICT, plots.LAYER, plots.TRACK]
    colors = [color for meaning in named for color in meaning.values() if color != plots.NOTHING]
    colors += [*plots.LOCATIONS, plots.NOTHING, plots.COMPARED, plots.NEUTRAL]
    assert len(set(colors)) == len(colors)


def test_a_heat_map_writes_what_failed(axes):
    plots.heat_map(axes, pd.DataFrame({"tone": [1.0, 0.5], "policy": [1.0, 0.0]}), ["on time", "late"])
    assert texts(axes) == {"50%", "0%"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["on time", "late"]


def test_a_dataset_is_drawn_to_the_right_of_all_that_it_reads(axes):
    plots.draw_graph(axes, {"gold": ["silver"], "silver": ["bronze", "brands"], "bronze": []}, lambda _: plots.COMPARED)
    place = {text.get_text(): text.get_position()[0] for text in axes.texts if text.get_text()}
    assert place["bronze"] == place["brands"] < place["silver"] < place["gold"]


def test_a_mark_names_its_value(axes):
    plots.mark(axes, 27.2, "P75")
    assert texts(axes) == {"P75"}
