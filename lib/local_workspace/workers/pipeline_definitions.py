"""The datasets and flows of a graph, as the event log of Databricks describes them.

Their shapes are those of https://docs.databricks.com/aws/en/ldp/monitor-event-log-schema; names have two parts here,
to which the workspace adds its catalog.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyspark.pipelines.flow import Flow

from local_workspace.runtime.quoting import readable
from local_workspace.workers.pipeline_graph import Registry
from local_workspace.workers.pipeline_names import Key

if TYPE_CHECKING:
    from local_workspace.engines.pipelines.documents import DatasetDefinition, Definitions, FlowDefinition

STATUS = re.compile(r"Flow (.+?) (?:is|has) ([A-Z]+)\b")
"""A flow's name and status in a message of the Spark server."""


def definitions(registry: Registry) -> "Definitions":
    """The datasets of `registry`, whose flows are registered. What is no table of the workspace is no input."""
    return {
        "datasets": [_dataset(registry, at) for at in registry.flows],
        "flows": [_flow(registry, at, flow) for at, flows in registry.flows.items() for flow in flows],
    }


def full_name(at: Key) -> str:
    """Schema and name of a dataset with a dot between them, in backquotes where they need them."""
    return ".".join(map(readable, at))


def _dataset(registry: Registry, at: Key) -> "DatasetDefinition":
    streamed, materialized = at in registry.streams, at in registry.views
    return {
        "name": full_name(at),
        "dataset_type": "STREAMING_TABLE" if streamed else "MATERIALIZED_VIEW" if materialized else "VIEW",
        "num_flows": len(registry.flows[at]),
        "expectations": [
            {"name": each.name, "expression": each.condition, "action": each.action}
            for each in registry.expectations.get(at, [])
        ],
    }


def _flow(registry: Registry, at: Key, flow: Flow) -> "FlowDefinition":
    output = registry.streams.get(at) or registry.views.get(at) or registry.temporary.get(at)
    return {
        "name": full_name(at if at in registry.views else registry.key(flow.name)),
        "output_dataset": full_name(at),
        "input_datasets": sorted(map(full_name, _inputs(registry, at))),
        "flow_type": "APPEND" if at in registry.streams else "COMPLETE",
        "comment": (output.comment if output else None) or "",
    }


def _inputs(registry: Registry, at: Key) -> Iterator[Key]:
    """What the dataset `at` reads; names that were found in SQL which can't be parsed need not be tables."""
    for name in registry.reads.get(at, set()) - {at}:
        if name in registry.flows or registry.is_table(name):
            yield name
