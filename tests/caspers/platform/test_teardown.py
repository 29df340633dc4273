"""In which order resources are removed, and what stays if one can't be."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from databricks.sdk.errors import NotFound, PermissionDenied

from caspers.platform.state import Resource
from caspers.platform.teardown import DELETIONS, REMOVED_FIRST, destroy, destroy_task
from register import RegisteredWorkbook

REGISTERED = [
    Resource("catalog", "c", "caspersdev"),
    Resource("schema", "c.lake", "caspersdev.lake"),
    Resource("pipeline", "p-1", "Medallion"),
    Resource("job", "7", "Replay"),
    Resource("job", "8", "Refunds"),
    Resource("app", "manager", "manager"),
]


def workspace(*schemas: str) -> Mock:
    """A client that records its calls; its catalogs hold these schemas."""
    w = Mock()
    w.schemas.list.return_value = [SimpleNamespace(name=name) for name in schemas]
    return w


def deletions(w: Mock) -> list[tuple[str, object]]:
    return [(name.removesuffix(".delete"), args[0]) for name, args, _ in w.mock_calls if name.endswith(".delete")]


def test_users_go_first_the_newest_of_a_type_first_and_the_warehouse_last():
    w = workspace("default", "information_schema", "_internal_state")
    assert destroy(RegisteredWorkbook(w, *REGISTERED)) == []
    assert deletions(w) == [
        ("apps", "manager"),
        ("jobs", 8),
        ("jobs", 7),
        ("pipelines", "p-1"),
        ("schemas", "caspersdev.lake"),
        ("catalogs", "caspersdev"),
        ("schemas", "caspersdev._internal_state"),
        ("warehouses", "w-1"),
    ]


def test_what_does_not_exist_counts_as_removed():
    w = workspace()
    w.jobs.delete.side_effect = NotFound("no such job")
    assert destroy(RegisteredWorkbook(w, *REGISTERED)) == []
    assert deletions(w)[-1] == ("warehouses", "w-1")


def test_what_cannot_be_removed_is_named_and_keeps_its_schema_and_the_register():
    w = workspace()
    w.pipelines.delete.side_effect = PermissionDenied("you may not")
    assert destroy(RegisteredWorkbook(w, *REGISTERED)) == ["pipeline Medallion: you may not"]
    assert {service for service, _ in deletions(w)} == {"apps", "jobs", "pipelines"}


def test_a_catalog_with_schemas_of_others_stays():
    w = workspace("default", "_internal_state", "theirs", "also_theirs")
    problem = "catalog caspersdev: it contains schemas that the workbook did not make: also_theirs, theirs"
    assert destroy(RegisteredWorkbook(w, *REGISTERED)) == [problem]
    assert not w.catalogs.delete.called and not w.warehouses.delete.called


def test_every_type_has_its_place_in_the_order():
    assert {*REMOVED_FIRST, "schema", "catalog", "warehouse"} == set(DELETIONS)


SHARED = [
    Resource("catalog", "c", "caspersdev", "First"),
    Resource("schema", "s", "caspersdev.ai", "Agent"),
    Resource("function", "f", "caspersdev.ai.shared", "Agent"),
    Resource("function", "g", "caspersdev.ai.own", "Agent"),
    Resource("job", "7", "Scoring", "Agent"),
    Resource("function", "f", "caspersdev.ai.shared", "Other"),
]


class Elsewhere(RegisteredWorkbook):
    """A workbook on Databricks, where there is no home page."""

    local = False


def test_one_tasks_resources_go_except_those_that_others_use():
    w = workspace()
    ws = Elsewhere(w, *SHARED)
    assert destroy_task(ws, "Agent", []) == []
    assert deletions(w) == [("jobs", 7), ("functions", "caspersdev.ai.own")]
    forgotten = [(values["task"], values["type"], values["name"]) for values in ws.written]
    assert forgotten == [("Agent", each.type, each.name) for each in (SHARED[4], SHARED[3], SHARED[2], SHARED[1])]


def test_a_task_without_resources_has_nothing_to_remove():
    w = workspace()
    assert destroy_task(Elsewhere(w, *SHARED), "Third", ["Fourth"]) == []
    assert deletions(w) == []


def test_a_task_that_later_ones_build_on_stays():
    w = workspace()
    with pytest.raises(RuntimeError, match="First can't be removed yet: Agent, Other .* --only Other"):
        destroy_task(Elsewhere(w, *SHARED), "First", ["Agent", "Other"])
    assert deletions(w) == []


def test_what_cannot_be_removed_stays_in_the_register():
    w = workspace()
    w.jobs.delete.side_effect = PermissionDenied("you may not")
    ws = Elsewhere(w, *SHARED)
    assert destroy_task(ws, "Agent", []) == ["job Scoring: you may not"]
    assert "Scoring" not in {values["name"] for values in ws.written}
