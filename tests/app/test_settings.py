"""The app's settings, read from environment variables."""

import pytest

from refund_manager.settings import Settings

WHOLE = {"LAKEBASE_ENDPOINT": "projects/p", "DATABRICKS_WAREHOUSE_ID": "w", "CATALOG": "kitchens"}


def test_the_environment_is_read():
    assert Settings.from_env(WHOLE) == Settings("projects/p", "w", "kitchens")
    more = {"SIMULATOR_SCHEMA": "sim_2"}
    assert Settings.from_env(WHOLE | more) == Settings("projects/p", "w", "kitchens", "sim_2")


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(RuntimeError, match="variables: LAKEBASE_ENDPOINT, CATALOG. "):
        Settings.from_env({"DATABRICKS_WAREHOUSE_ID": "w", "CATALOG": ""})


@pytest.mark.parametrize("name", ["", "a.b", "a; DROP TABLE x", "1a", "a-b"])
def test_a_schema_that_is_no_identifier_is_refused(name):
    with pytest.raises(RuntimeError, match="SIMULATOR_SCHEMA"):
        Settings.from_env(WHOLE | {"SIMULATOR_SCHEMA": name})


@pytest.mark.parametrize(
    ("catalog", "project"),
    [
        ("kitchens", "kitchenscomplaintmanager"),
        ("My_Dev", "my-devcomplaintmanager"),
        ("_x", "c-xcomplaintmanager"),
        ("9lives", "c9livescomplaintmanager"),
    ],
)
def test_a_catalog_makes_a_name_that_lakebase_takes(catalog, project):
    settings = Settings("e", "w", catalog)
    assert settings.complaint_project == project
    assert settings.synced_table == f"synced_tables/{catalog}refundmanager.recommender.refund_recommendations"
