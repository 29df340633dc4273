"""The graph of one pipeline update, and how its materialized views are published. Needs the server's own pyspark."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any, cast

from google.protobuf.message import Message
from pyspark.pipelines.flow import Flow
from pyspark.pipelines.output import MaterializedView, Output, StreamingTable, TemporaryView
from pyspark.pipelines.spark_connect_graph_element_registry import SparkConnectGraphElementRegistry
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.connect.proto import Read

Emit = Callable[..., None]


class Registry(SparkConnectGraphElementRegistry):  # type: ignore[misc]  # the server's pyspark is not installed
    """Registers the elements of a graph on the server, materialized views as views, and remembers its tables."""

    def __init__(self, spark: SparkSession, graph: str) -> None:
        super().__init__(spark, graph)
        self.views: dict[str, MaterializedView] = {}
        self.flows: dict[str, list[Flow]] = {}
        self.reads: dict[str, set[str]] = {}

    @property
    def streams(self) -> list[str]:
        """The streaming tables."""
        return [name for name in self.flows if name not in self.views]

    def register_output(self, output: Output) -> None:
        """Register a dataset."""
        if isinstance(output, MaterializedView):
            self.views[output.name] = output
            output = TemporaryView(output.name, output.comment, output.source_code_location)
        elif isinstance(output, StreamingTable):
            self.flows[output.name] = []
        super().register_output(output)

    def register_flow(self, flow: Flow) -> None:
        """Register a query that fills a dataset, and note which tables it reads."""

        def query() -> DataFrame:
            frame: Any = flow.func()  # its plan has no public name
            self.reads[flow.target] = tables_read(frame._plan.to_proto(self._spark.client))
            return cast(DataFrame, frame)

        super().register_flow(replace(flow, func=query))
        if flow.target in self.flows or flow.target in self.views:
            self.flows.setdefault(flow.target, []).append(flow)

    def inputs(self, view: str) -> set[str]:
        """The tables of this graph that must be complete before `view`; all streams if its plan doesn't tell."""
        return self.reads[view] & self.flows.keys() or set(self.streams)


class Publication:
    """Writes each materialized view over its table as soon as what it reads is complete, several side by side."""

    def __init__(self, registry: Registry, emit: Emit) -> None:
        self._registry, self._emit = registry, emit
        self._unfinished = {name: {flow.name for flow in registry.flows[name]} for name in registry.streams}
        self._order = TopologicalSorter(
            {**{name: set() for name in registry.streams}, **{name: registry.inputs(name) for name in registry.views}}
        )
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=4)
        self._jobs: deque[Future[None]] = deque()
        self._order.prepare()
        self._submit()

    def flow_done(self, flow: str) -> None:
        """A flow has ended well; its table is complete once all its flows have."""
        with self._lock:
            for name, flows in list(self._unfinished.items()):
                flows.discard(flow)
                if not flows:
                    del self._unfinished[name]
                    self._order.done(name)
            self._submit()

    def finish(self) -> None:
        """All flows have ended well: publish what is left. Raises what a view's query raised."""
        for flow in [flow for flows in self._unfinished.values() for flow in flows]:
            self.flow_done(flow)
        while self._jobs:
            self._jobs.popleft().result()

    def close(self) -> None:
        """Start no more views and wait for those being written."""
        self._pool.shutdown(cancel_futures=True)

    def _submit(self) -> None:
        for name in self._order.get_ready():
            if name in self._registry.views:
                self._jobs.append(self._pool.submit(self._publish, name))

    def _publish(self, name: str) -> None:
        write_view(self._registry.views[name], self._registry.flows[name][0].func())
        self._emit("flow_progress", f"Materialized view {name} is published.", dataset=name)
        with self._lock:
            self._order.done(name)
            self._submit()


def write_view(view: MaterializedView, query: DataFrame) -> None:
    """Replace a view's table by the rows of its query, in one Delta commit."""
    writer = query.writeTo(view.name).using("delta")
    for key, value in view.table_properties.items():
        writer = writer.tableProperty(key, value)
    if view.partition_cols:
        writer = writer.partitionedBy(*view.partition_cols)
    writer.createOrReplace()


def tables_read(message: Message) -> set[str]:
    """The names of the tables that a query's plan reads, as they are written there."""
    if isinstance(message, Read):
        return {message.named_table.unparsed_identifier}
    return set().union(*(tables_read(part) for part in _parts(message)))


def _parts(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            yield from [value] if isinstance(value, Message) else value
