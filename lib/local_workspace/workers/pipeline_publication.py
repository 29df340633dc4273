"""The publication of a pipeline's materialized views: each replaces its table in one Delta commit."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pyspark.pipelines.output import MaterializedView
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from local_workspace.workers.pipeline_definitions import full_name
from local_workspace.workers.pipeline_errors import ExpectationFailed, UpdateFailed
from local_workspace.workers.pipeline_expectations import Expectation, Quality, counts_of, kept, quality, violation
from local_workspace.workers.pipeline_graph import Emit, Registry, properties_of
from local_workspace.workers.pipeline_names import Key

PARALLEL_VIEWS = 4


class Publication:
    """Writes each materialized view over its table as soon as its inputs are complete, several in parallel.

    Temporary views that materialized views read become views of the session, for the time of the update.
    """

    def __init__(self, registry: Registry, spark: SparkSession, emit: Emit) -> None:
        self._registry, self._spark, self._emit = registry, spark, emit
        self._unfinished = {at: {registry.key(flow.name) for flow in registry.flows[at]} for at in registry.streams}
        self._order = TopologicalSorter(self._graph())
        self._lock = threading.RLock()
        # The settings of a flow hold for the session while it runs, so flows that have some run alone.
        alone = any(flow.spark_conf for at in registry.views for flow in registry.flows[at])
        self._pool = ThreadPoolExecutor(1 if alone else PARALLEL_VIEWS)
        self._jobs: deque[Future[None]] = deque()
        try:
            self._order.prepare()
        except CycleError as error:
            circle = " -> ".join(".".join(at) for at in error.args[1])
            raise UpdateFailed(f"The datasets read each other in a circle: {circle}.") from None
        self._submit()

    def flow_done(self, flow: Key) -> None:
        """Record that a flow has succeeded; its table is complete once all its flows have."""
        with self._lock:
            for at, flows in list(self._unfinished.items()):
                flows.discard(flow)
                if not flows:
                    del self._unfinished[at]
                    self._order.done(at)
            self._submit()

    def finish(self) -> None:
        """Publish the remaining views, once all flows have succeeded. Raises the error of a view's query."""
        for flow in [flow for flows in self._unfinished.values() for flow in flows]:
            self.flow_done(flow)
        with self._lock:  # a streaming table without flows is complete
            for at in list(self._unfinished):
                del self._unfinished[at]
                self._order.done(at)
            self._submit()
        while self._jobs:
            self._jobs.popleft().result()

    def close(self) -> None:
        """Start no more views and wait for those being written."""
        self._pool.shutdown(cancel_futures=True)

    def _graph(self) -> dict[Key, set[Key]]:
        """The inputs that each view waits for; of temporary views only those that materialized views read."""
        registry = self._registry
        graph: dict[Key, set[Key]] = {at: set() for at in registry.streams}
        waiting = list(registry.views)
        while waiting:
            at = waiting.pop()
            if at not in graph:
                graph[at] = registry.inputs(at)
                waiting += graph[at]
        return graph

    def _submit(self) -> None:
        for at in self._order.get_ready():
            if at not in self._registry.streams:
                self._jobs.append(self._pool.submit(self._publish, at))

    def _publish(self, at: Key) -> None:
        if at in self._registry.views:
            self._write(at, self._registry.views[at])
        else:
            self._make_view(at)
        with self._lock:
            self._order.done(at)
            self._submit()

    def _write(self, at: Key, view: MaterializedView) -> None:
        [flow] = self._registry.flows[at]
        flow_name = full_name(at)
        self._emit("flow_progress", f"Materialized view {view.name} is RUNNING.", flow=flow_name, status="RUNNING")
        with _settings(self._spark, flow.spark_conf):
            measured = write_view(view, flow.func(), self._registry.expectations.get(at, []))
        details: dict[str, object] = {"quality": measured} if measured else {}
        message = f"Materialized view {view.name} is published."
        self._emit("flow_progress", message, dataset=view.name, flow=flow_name, status="COMPLETED", **details)

    def _make_view(self, at: Key) -> None:
        view, expectations = self._registry.temporary[at], self._registry.expectations.get(at, [])
        [flow] = self._registry.flows[at]
        frame = flow.func()
        if expectations and not frame.isStreaming:
            measured = _checked(view.name, frame, expectations)
            self._emit("flow_progress", f"View {view.name} is checked.", dataset=view.name, quality=measured)
        kept(frame, expectations).createOrReplaceTempView(at[1])


def write_view(view: MaterializedView, query: DataFrame, expectations: list[Expectation]) -> Quality | None:
    """Replace a view's table with the rows of its query in one Delta commit; returns the quality of the rows.

    Raises ExpectationFailed, in which case the table is unchanged.
    """
    if not expectations:
        _replace(view, query)
        return None
    rows = query.persist()  # counted and written from one evaluation
    try:
        measured = _checked(view.name, rows, expectations)
        _replace(view, kept(rows, expectations))
    finally:
        rows.unpersist()
    return measured


def _checked(name: str, rows: DataFrame, expectations: list[Expectation]) -> Quality:
    measured = quality(name, expectations, counts_of(rows, expectations))
    failed = [
        expectation.name
        for expectation, count in zip(expectations, measured["expectations"], strict=True)
        if expectation.action == "FAIL" and count["failed_records"]
    ]
    if failed:
        raise ExpectationFailed(violation(name, failed))
    return measured


def _replace(view: MaterializedView, rows: DataFrame) -> None:
    if view.schema is not None:
        rows = rows.to(view.schema if isinstance(view.schema, StructType) else _struct(view.schema))
    writer: Any = rows.writeTo(view.name).using("delta")
    comment = {"comment": view.comment} if view.comment else {}
    properties = {**comment, **properties_of(view, "MATERIALIZED_VIEW")}
    for key, value in properties.items():
        writer = writer.tableProperty(key, value)
    if view.partition_cols:
        writer = writer.partitionedBy(*view.partition_cols)
    if view.cluster_by:
        writer = writer.clusterBy(*view.cluster_by)
    writer.createOrReplace()


def _struct(columns: str) -> StructType:
    schema = StructType.fromDDL(columns)
    assert isinstance(schema, StructType)  # a list of columns always is
    return schema


@contextmanager
def _settings(spark: SparkSession, settings: dict[str, str]) -> Iterator[None]:
    """Apply settings to the session within the block."""
    before = {name: spark.conf.get(name, None) for name in settings}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, known in before.items():
            if known is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, known)
