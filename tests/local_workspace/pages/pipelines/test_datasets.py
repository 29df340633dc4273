"""Datasets as the page of a pipeline has them from its event log."""

from local_workspace.pages.pipelines.datasets import datasets
from local_workspace.pages.pipelines.graph import graph

EXPECTATIONS = [{"name": "priced", "expression": "price > 0", "action": "DROP"}]


def event(update: str, second: int, details: dict | None = None, **origin: str) -> dict:
    found = {
        "timestamp": f"2026-05-01T12:00:{second:02}.000Z",
        "origin": {"update_id": update, **origin},
        "event_type": next(iter(details)) if details else "update_progress",
        "message": "m",
        "level": "INFO",
    }
    return found | ({"details": details} if details else {})


def defined(update: str) -> list[dict]:
    flows = {"bronze": ["k.raw.lines"], "gold": ["k.food.bronze"]}
    kinds = {"bronze": "STREAMING_TABLE", "gold": "MATERIALIZED_VIEW"}
    return [
        event(
            update,
            1,
            {
                "dataset_definition": {
                    "name": f"k.food.{name}",
                    "dataset_type": kinds[name],
                    "num_flows": 1,
                    "expectations": EXPECTATIONS if name == "bronze" else [],
                }
            },
        )
        for name in flows
    ] + [
        event(
            update,
            1,
            {
                "flow_definition": {
                    "name": f"k.food.{name}",
                    "output_dataset": f"k.food.{name}",
                    "input_datasets": inputs,
                    "flow_type": "APPEND",
                    "comment": f"The {name}",
                }
            },
        )
        for name, inputs in flows.items()
    ]


def progress(update: str, second: int, name: str, status: str, rows: int | None = None) -> dict:
    details = {"status": status} | ({} if rows is None else {"metrics": {"num_output_rows": rows}})
    return event(update, second, {"flow_progress": details}, flow_name=f"k.food.{name}")


def quality(update: str, passed: int, failed: int) -> dict:
    counted = {"name": "priced", "dataset": "bronze", "passed_records": passed, "failed_records": failed}
    details = {"status": "RUNNING", "data_quality": {"dropped_records": failed, "expectations": [counted]}}
    return event(update, 2, {"flow_progress": details}, dataset_name="bronze")


def test_a_running_update_shows_states_rows_times_and_quality():
    log = [
        *defined("u1"),
        progress("u1", 2, "bronze", "RUNNING"),
        quality("u1", 90, 10),
        quality("u1", 5, 0),
        progress("u1", 5, "bronze", "COMPLETED", 95),
        progress("u1", 6, "gold", "RUNNING"),
    ]
    bronze, gold = datasets(log, "u1", "RUNNING")
    assert (bronze.state, bronze.rows, bronze.took, bronze.dropped) == ("COMPLETED", 95, 3000, 10)
    [priced] = bronze.expectations
    assert (priced.condition, priced.passed, priced.failed) == ("price > 0", 95, 10)
    assert (gold.state, gold.rows, gold.inputs, gold.comment) == ("RUNNING", None, ["k.food.bronze"], "The gold")
    assert bronze.path == "/explore/data/k/food/bronze"
    assert graph([bronze, gold]).width > graph([bronze]).width > 0


def test_an_update_that_failed_early_shows_the_datasets_of_the_one_before():
    log = [*defined("u1"), progress("u1", 5, "bronze", "COMPLETED", 95), event("u2", 9)]
    assert [(each.name, each.state, each.rows) for each in datasets(log, "u2", "FAILED")] == [
        ("bronze", "CANCELED", None),
        ("gold", "CANCELED", None),
    ]
    assert datasets(log, "u0", "FAILED") != [] and datasets([], "u0", "FAILED") == []


def test_an_update_that_failed_says_where():
    log = [*defined("u1"), progress("u1", 5, "bronze", "FAILED"), event("u1", 9)]
    assert [each.state for each in datasets(log, "u1", "FAILED")] == ["FAILED", "CANCELED"]
