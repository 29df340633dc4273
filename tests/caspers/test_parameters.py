import re
from types import SimpleNamespace

import pytest
import yaml

from caspers import config, parameters
from caspers.names import DEFAULT_CATALOG


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("AGENT_ORDERS", "0", 0),
        ("START_DAY", "0", 0),
        ("START_DAY", 89, 89),
        ("COMPLAINT_RATE", "0", 0.0),
        ("COMPLAINT_RATE", 1, 1.0),
        ("SPEED_MULTIPLIER", "0.5", 0.5),
        ("CATALOG", "_my_Dev2", "_my_Dev2"),
        ("SCHEDULE_MINUTES", "1", 1),
        ("PIPELINE_SCHEDULE_MINUTES", "0", 0),
        ("LLM_MODEL", "databricks-meta-llama-3-3-70b-instruct", "databricks-meta-llama-3-3-70b-instruct"),
    ],
)
def test_a_valid_value_gets_its_type(name: str, value: object, typed: object) -> None:
    checked = parameters.check(name, value)
    assert checked == typed
    assert type(checked) is type(typed)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("AGENT_ORDERS", "-1", "0 or more"),
        ("START_DAY", "90", "from 0 to 89"),
        ("START_DAY", -1, "from 0 to 89"),
        ("START_DAY", "7.5", "whole number"),
        ("START_DAY", 7.5, "whole number"),
        ("START_DAY", "soon", "whole number"),
        ("START_DAY", True, "whole number"),
        ("START_DAY", None, "whole number"),
        ("COMPLAINT_RATE", "1.01", "from 0 to 1"),
        ("COMPLAINT_RATE", "-0.1", "from 0 to 1"),
        ("COMPLAINT_RATE", "nan", "from 0 to 1"),
        ("SPEED_MULTIPLIER", "0", "above 0"),
        ("SPEED_MULTIPLIER", "inf", "above 0"),
        ("CATALOG", "my-dev", "letters"),
        ("CATALOG", "1st", "digit"),
        ("CATALOG", "", "letters"),
        ("CATALOG", "a; DROP", "letters"),
        ("EVENTS_VOLUME", "a.b", "letters"),
        ("SIMULATOR_SCHEMA", 5, "letters"),
        ("SCHEDULE_MINUTES", "0", "1 or more"),
        ("PIPELINE_SCHEDULE_MINUTES", "-1", "0 for continuous"),
        ("REFUND_AGENT_ENDPOINT_NAME", "", "letters"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: object, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}={re.escape(repr(value))} is not valid: .*{allowed}"):
        parameters.check(name, value)


def test_an_unknown_name_lists_the_valid_ones() -> None:
    with pytest.raises(ValueError, match="no parameter START_DAYS. Valid parameters: CATALOG, .*START_DAY"):
        parameters.check("START_DAYS", 1)


def test_a_notebooks_names_get_their_typed_values() -> None:
    names = {"START_DAY": "70", "CATALOG": "c", "ws": None}
    parameters.receive(names)
    assert names == {"START_DAY": 70, "CATALOG": "c", "ws": None}


class Widgets:
    """Databricks' widgets: a value that the job passes wins over a widget's default; `get` wants a defined widget."""

    def __init__(self, passed: dict[str, str]) -> None:
        self.passed, self.defined = passed, dict[str, str]()

    def text(self, name: str, defaultValue: str) -> None:  # noqa: N803
        assert isinstance(defaultValue, str)
        self.defined[name] = self.passed.get(name, defaultValue)

    def get(self, name: str) -> str:
        return self.defined[name]


def test_a_databricks_jobs_widgets_win_over_the_defaults() -> None:
    widgets = Widgets({"START_DAY": "3", "COMPLAINT_RATE": "0.5"})
    names = {"START_DAY": 70, "CATALOG": "c", "dbutils": SimpleNamespace(widgets=widgets)}
    parameters.receive(names)
    assert (names["START_DAY"], names["CATALOG"], "COMPLAINT_RATE" in names) == (3, "c", False)


def test_a_notebook_opened_by_hand_shows_its_parameters_as_widgets() -> None:
    widgets = Widgets({})
    parameters.receive({"START_DAY": 70, "SPEED_MULTIPLIER": 60.0, "dbutils": SimpleNamespace(widgets=widgets)})
    assert widgets.defined == {"START_DAY": "70", "SPEED_MULTIPLIER": "60.0"}


def test_a_wrong_value_changes_nothing() -> None:
    names = {"CATALOG": "c", "SPEED_MULTIPLIER": "60", "START_DAY": "x"}
    with pytest.raises(ValueError, match="START_DAY='x'"):
        parameters.receive(names)
    assert names["SPEED_MULTIPLIER"] == "60"


def test_endpoints_that_nobody_named_carry_another_catalog_than_the_default() -> None:
    names = {"CATALOG": "my_kitchens", "REFUND_AGENT_ENDPOINT_NAME": "caspers_refund_agent"}
    parameters.receive(names)
    assert names["REFUND_AGENT_ENDPOINT_NAME"] == "caspers_refund_agent_my_kitchens"
    parameters.receive(names)  # as a job's notebook does with the name that it is given
    assert names["REFUND_AGENT_ENDPOINT_NAME"] == "caspers_refund_agent_my_kitchens"
    own = {"CATALOG": "my_kitchens", "REFUND_AGENT_ENDPOINT_NAME": "mine"}
    parameters.receive(own)
    assert own["REFUND_AGENT_ENDPOINT_NAME"] == "mine"


def test_the_bundle_has_the_same_defaults() -> None:
    variables = yaml.safe_load((config.REPO / "databricks.yml").read_text())["variables"]
    defaults = {name: variables[name]["default"] for name in parameters.ENDPOINTS}
    assert defaults == parameters.ENDPOINTS and variables["CATALOG"]["default"] == DEFAULT_CATALOG
