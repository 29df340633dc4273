"""What a pipeline's spec asks for is done, means nothing on one machine, or is refused by name."""

import inspect
from dataclasses import fields
from types import SimpleNamespace

import pytest
from databricks.sdk.service.pipelines import PipelineLibrary, PipelinesAPI, PipelineSpec

from disks import Disk
from local_workspace.engines.pipelines import PipelinesEngine, unsupported
from local_workspace.engines.pipelines.spec import check
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import open_home
from local_workspace.runtime.store import Store

SPEC = {"name": "p", "schema": "s", "libraries": [{"file": {"path": "/a.py"}}]}


@pytest.fixture
def engine(tmp_path):
    home = open_home(tmp_path / "home")
    engine = PipelinesEngine(home, Store(home.database), SimpleNamespace(spark_home=home.root), Disk().space)
    yield engine
    engine.stop()


def parameters(method: object) -> set[str]:
    return set(inspect.signature(method).parameters) - {"self", "pipeline_id"}


def test_no_setting_of_the_sdk_is_forgotten():
    placed = [*unsupported.DONE, *unsupported.WITHOUT_EFFECT, *unsupported.REFUSED]
    of_sdk = parameters(PipelinesAPI.create) | parameters(PipelinesAPI.update)
    assert sorted(placed) == sorted(of_sdk | {field.name for field in fields(PipelineSpec)})
    placed = [*unsupported.UPDATE_DONE, *unsupported.UPDATE_WITHOUT_EFFECT, *unsupported.UPDATE_REFUSED]
    assert sorted(placed) == sorted(parameters(PipelinesAPI.start_update))
    placed = [*unsupported.LIBRARY_DONE, *unsupported.LIBRARY_REFUSED]
    assert sorted(placed) == sorted(field.name for field in fields(PipelineLibrary))


@pytest.mark.parametrize("name", unsupported.REFUSED)
def test_a_setting_that_is_refused_is_named_with_what_to_do(name):
    with pytest.raises(ApiError, match=f"^{name} is not supported in a local workspace: .{{15,}}") as refused:
        check(SPEC | {name: {"any": "value"}})
    assert (refused.value.status, refused.value.error_code) == (400, "INVALID_PARAMETER_VALUE")
    check(SPEC | {name: {}})


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"clusters": [{"num_workers": 1, "spark_conf": {"a": "b"}}]}, "clusters.spark_conf"),
        ({"libraries": [SPEC["libraries"][0] | {"whl": "/n.whl"}]}, "libraries.whl"),
        ({"lybraries": ["x"]}, "lybraries"),
    ],
)
def test_a_part_that_cannot_be_done_is_refused(more, named):
    with pytest.raises(ApiError, match=f"^{named} is not supported"):
        check(SPEC | more)


def test_what_a_bundle_sends_beside_is_kept(engine):
    beside = {"deployment": {"kind": "BUNDLE"}, "channel": "CURRENT", "edition": "ADVANCED", "serverless": True}
    assert engine.get(engine.create(SPEC | beside))["spec"] == SPEC | beside


def test_a_name_is_taken_twice_only_on_request(engine):
    first = engine.create(SPEC)
    with pytest.raises(ApiError, match="already used"):
        engine.create(SPEC)
    second = engine.create(SPEC | {"allow_duplicate_names": True})
    assert second != first and engine.get(second)["spec"] == SPEC


def test_an_edit_can_be_bound_to_what_was_read(engine):
    pipeline_id = engine.create(SPEC)
    read = engine.get(pipeline_id)["last_modified"]
    with pytest.raises(ApiError, match="get it anew") as refused:
        engine.edit(pipeline_id, SPEC | {"configuration": {"a": "b"}, "expected_last_modified": read - 1})
    assert refused.value.status == 409 and engine.get(pipeline_id)["spec"] == SPEC
    engine.edit(pipeline_id, SPEC | {"configuration": {"a": "b"}, "expected_last_modified": read})
    assert engine.get(pipeline_id)["spec"] == SPEC | {"configuration": {"a": "b"}}
