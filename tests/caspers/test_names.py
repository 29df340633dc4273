"""Names of three levels, as SQL takes them."""

import re

import pytest

from caspers import names


@pytest.mark.parametrize(
    ("catalog", "name", "wanted"),
    [
        ("caspersdev", "lakeflow.all_events", "caspersdev.lakeflow.all_events"),
        ("my_dev2", "_internal_state", "my_dev2._internal_state"),
        ("my-dev", "ai.get_order_details", "`my-dev`.ai.get_order_details"),
        ("2nd", "ai.f", "`2nd`.ai.f"),
        ("odd`one", "ai.f", "`odd``one`.ai.f"),
    ],
)
def test_a_name_has_its_catalog_in_front_and_odd_parts_in_backticks(catalog: str, name: str, wanted: str) -> None:
    assert names.in_catalog(catalog, name) == wanted


def test_what_a_workspace_shares_is_called_by_its_reference_name_in_the_default_catalog() -> None:
    default = names.DEFAULT_CATALOG
    assert names.shared("Agent Scoring", default) == "Agent Scoring"
    assert names.shared_id("caspers_refund_agent", default) == "caspers_refund_agent"
    assert names.shared_app("refund-manager", default) == "refund-manager"


def test_what_a_workspace_shares_carries_any_other_catalog() -> None:
    assert names.shared("Agent Scoring", "my_kitchens") == "Agent Scoring (my_kitchens)"
    assert names.shared_id("/Shared/caspers_refund_agent", "my_kitchens") == "/Shared/caspers_refund_agent_my_kitchens"
    assert names.shared_app("refund-manager", "My_Kitchens") == "refund-manager-my-kitchens"


@pytest.mark.parametrize(
    "catalog", ["a", "_a_", "x" * 15, "x" * 16, "the_kitchens_of_somebody", "____________________"]
)
def test_an_apps_name_is_one_that_databricks_allows(catalog: str) -> None:
    name = names.shared_app("refund-manager", catalog)
    assert len(name) <= 30 and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), name


def test_two_long_catalogs_have_two_apps() -> None:
    apps = {names.shared_app("refund-manager", f"the_kitchens_of_somebody_{who}") for who in ("ana", "ben")}
    assert len(apps) == 2
