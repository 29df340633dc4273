"""The graph of a pipeline's datasets, and of the tables of others that they read."""

from collections.abc import Sequence

from local_workspace.pages.drawing import Drawing, Node, draw
from local_workspace.pages.formats import duration, number
from local_workspace.pages.pipelines.datasets import Dataset, catalog_path

KINDS = {"STREAMING_TABLE": "Streaming table", "MATERIALIZED_VIEW": "Materialized view", "VIEW": "View"}
"""The types of datasets in words."""


def graph(datasets: Sequence[Dataset]) -> Drawing:
    """The drawing of `datasets` with rows and time of the update, and of what they read beside each other."""
    own = {dataset.full_name for dataset in datasets}
    others = {name: None for dataset in datasets for name in dataset.inputs if name not in own}
    outside = [Node(name, _short(name), detail="Table", link=catalog_path(name)) for name in others]
    return draw([*outside, *(_node(dataset) for dataset in datasets)])


def _node(dataset: Dataset) -> Node:
    return Node(
        dataset.full_name,
        dataset.name,
        after=dataset.inputs,
        detail=_detail(dataset),
        state=dataset.state,
        link=dataset.path,
    )


def _detail(dataset: Dataset) -> str:
    if dataset.rows is None:
        return KINDS[dataset.kind]
    took = "" if dataset.took is None else f" · {duration(dataset.took)}"
    return f"{number(dataset.rows)} rows{took}"


def _short(name: str) -> str:
    """Schema and name of a table of others."""
    return name.partition(".")[2].replace("`", "")
