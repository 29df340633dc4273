"""`dbutils.widgets` without a kernel."""

import pytest

from local_workspace.kernel.widgets import InputWidgetNotDefined, Widgets

CITIES = ["Bellevue", "Chicago"]


@pytest.fixture
def widgets() -> Widgets:
    """Those of a run that passes CITY."""
    return Widgets({"CITY": "Chicago"})


def test_a_combobox_takes_any_text(widgets: Widgets) -> None:
    widgets.combobox("KITCHEN", "Palo Alto", CITIES)
    widgets.combobox("CITY", "Bellevue", CITIES)
    assert (widgets.get("KITCHEN"), widgets.get("CITY")) == ("Palo Alto", "Chicago")


def test_a_multiselect_begins_with_one_of_its_choices_and_takes_several(widgets: Widgets) -> None:
    widgets.multiselect("KITCHENS", "Bellevue", CITIES)
    assert widgets.get("KITCHENS") == "Bellevue"
    widgets.receive("KITCHENS", "Bellevue,Chicago")
    assert widgets.get("KITCHENS").split(",") == CITIES
    with pytest.raises(ValueError, match="'Palo Alto' is not among its choices"):
        widgets.multiselect("KITCHENS", "Palo Alto", CITIES)


def test_removed_widgets_are_gone(widgets: Widgets) -> None:
    widgets.text("DAY", "7")
    widgets.remove("CITY")
    assert widgets.getAll() == {"DAY": "7"}
    widgets.removeAll()
    assert widgets.getAll() == {}
    with pytest.raises(InputWidgetNotDefined, match="DAY"):
        widgets.get("DAY")
