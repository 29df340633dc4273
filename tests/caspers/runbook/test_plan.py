"""The workbook's plan against its reference, and the plan's own rules on small ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from caspers.runbook.bundle import PlanError
from caspers.runbook.plan import Plan, load_plan

BUNDLE = Path(__file__).parents[3] / "databricks.yml"

GRAPH = {
    "Canonical_Data": ("01_canonical_data", set()),
    "Spark_Declarative_Pipeline": ("02_declarative_pipeline", {"Canonical_Data"}),
    "Refund_Recommender_Agent": ("03_refund_agent", {"Spark_Declarative_Pipeline"}),
    "Refund_Recommender_Stream": ("04_refund_stream", {"Spark_Declarative_Pipeline"}),
    "Complaint_Agent": ("05_complaint_agent", {"Spark_Declarative_Pipeline"}),
    "Complaint_Generator_Stream": ("06_complaint_generator", {"Spark_Declarative_Pipeline"}),
    "Complaint_Agent_Stream": ("07_complaint_agent_stream", {"Complaint_Agent", "Complaint_Generator_Stream"}),
    "Complaint_Lakebase": ("08_complaint_lakebase", {"Complaint_Agent_Stream"}),
    "Lakebase_Reverse_ETL": ("09_refund_lakebase", {"Refund_Recommender_Stream"}),
    "Databricks_App_Refund_Manager": ("10_app", {"Lakebase_Reverse_ETL"}),
}
COMPLAINT_TASKS = {"Complaint_Agent", "Complaint_Generator_Stream", "Complaint_Agent_Stream", "Complaint_Lakebase"}
DEFAULTS = {
    "CATALOG": "caspersdev",
    "EVENTS_VOLUME": "events",
    "LLM_MODEL": "databricks-meta-llama-3-3-70b-instruct",
    "REFUND_AGENT_ENDPOINT_NAME": "caspers_refund_agent",
    "COMPLAINT_AGENT_ENDPOINT_NAME": "caspers_complaint_agent",
    "COMPLAINT_RATE": 0.15,
    "SIMULATOR_SCHEMA": "simulator",
    "START_DAY": 70,
    "SPEED_MULTIPLIER": 60.0,
    "SCHEDULE_MINUTES": 3,
    "PIPELINE_SCHEDULE_MINUTES": 0,
}
COMPLAINT_PARAMETERS = {"COMPLAINT_AGENT_ENDPOINT_NAME", "COMPLAINT_RATE"}


def graph_of(plan: Plan) -> dict[str, tuple[str, set[str]]]:
    return {key: (task.notebook.stem, set(task.depends_on)) for key, task in plan.tasks.items()}


def test_all_is_the_reference() -> None:
    plan = load_plan(BUNDLE, "all")
    assert plan.job_name == "Casper's Initializer"
    assert graph_of(plan) == GRAPH
    assert plan.parameters == DEFAULTS


def test_default_is_the_refund_track_alone() -> None:
    plan = load_plan(BUNDLE, "default")
    assert graph_of(plan) == {key: value for key, value in GRAPH.items() if key not in COMPLAINT_TASKS}
    assert plan.parameters == {name: value for name, value in DEFAULTS.items() if name not in COMPLAINT_PARAMETERS}


@pytest.mark.parametrize("target", ["all", "default"])
def test_tasks_come_after_what_they_wait_for(target: str) -> None:
    seen: set[str] = set()
    for key, task in load_plan(BUNDLE, target).tasks.items():
        assert seen.issuperset(task.depends_on)
        seen.add(key)


def test_given_parameters_are_typed_and_the_others_stay() -> None:
    plan = load_plan(BUNDLE, "all").with_parameters({"START_DAY": "0", "COMPLAINT_RATE": "1", "CATALOG": "mine"})
    assert plan.parameters == DEFAULTS | {"START_DAY": 0, "COMPLAINT_RATE": 1.0, "CATALOG": "mine"}


def test_a_complaint_parameter_under_default_is_an_error_that_lists_the_valid_ones() -> None:
    with pytest.raises(PlanError, match="'default' has no parameter 'COMPLAINT_RATE'.*CATALOG, EVENTS_VOLUME") as error:
        load_plan(BUNDLE, "default").with_parameters({"COMPLAINT_RATE": "0.2"})
    assert "COMPLAINT_AGENT_ENDPOINT_NAME" not in str(error.value)


def test_only_is_one_task_that_waits_for_nothing() -> None:
    assert graph_of(load_plan(BUNDLE, "all").only("Complaint_Lakebase")) == {
        "Complaint_Lakebase": ("08_complaint_lakebase", set())
    }


def test_starting_keeps_everything_downstream_and_its_order() -> None:
    plan = load_plan(BUNDLE, "all").starting(["Complaint_Agent", "Lakebase_Reverse_ETL"])
    assert graph_of(plan) == {
        "Complaint_Agent": ("05_complaint_agent", set()),
        "Complaint_Agent_Stream": ("07_complaint_agent_stream", {"Complaint_Agent"}),
        "Complaint_Lakebase": ("08_complaint_lakebase", {"Complaint_Agent_Stream"}),
        "Lakebase_Reverse_ETL": ("09_refund_lakebase", set()),
        "Databricks_App_Refund_Manager": ("10_app", {"Lakebase_Reverse_ETL"}),
    }
    assert plan.parameters == DEFAULTS


def test_an_unknown_task_lists_the_tasks() -> None:
    plan = load_plan(BUNDLE, "default")
    for select in (plan.only, lambda key: plan.starting([key])):
        with pytest.raises(PlanError, match="no task 'Complaint_Agent'. Valid tasks: Canonical_Data, Spark"):
            select("Complaint_Agent")


def test_an_unknown_target_lists_the_targets() -> None:
    with pytest.raises(PlanError, match="no target 'half'.*Valid targets: default, all"):
        load_plan(BUNDLE, "half")


def test_a_circle_is_shown(write_plan: Callable[..., Path]) -> None:
    with pytest.raises(PlanError, match="in a cycle: (a → b → a|b → a → b)"):
        load_plan(write_plan({"a": ["b"], "b": ["a"], "c": []}), "default")


def test_a_dependency_that_is_no_task_is_named(write_plan: Callable[..., Path]) -> None:
    with pytest.raises(PlanError, match="Task b depends on 'x', which is no task. Valid tasks: a, b"):
        load_plan(write_plan({"a": [], "b": ["x"]}), "default")


def test_a_default_out_of_range_is_an_error(write_plan: Callable[..., Path]) -> None:
    with pytest.raises(PlanError, match="START_DAY='90'.*0 to 89"):
        load_plan(write_plan({"a": []}, {"START_DAY": "90"}), "default")
