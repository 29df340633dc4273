"""The process of one pipeline update: runs beside the daemon, with the Spark of the Connect server.

It reads one request (a JSON object) from stdin, writes events (a JSON object a line) to stdout, the last of them with
the update's final `state`, and ends. If stdin closes, whoever wanted the update is gone or no longer wants it: the
session is given back, which cancels its work on the server, and the process ends.

Streaming tables are run by Spark Declarative Pipelines. Open Spark would also run a materialized view, but empties
the table when the update starts and fills it when the flow ends; so the graph knows it as a view (checked and ordered
like the rest) and its query is then written over the table in one Delta commit. A reader sees the old rows or the new.
"""

import importlib.util
import json
import os
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TextIO

from google.protobuf.message import Message
from pyspark.errors import PySparkException
from pyspark.pipelines.add_pipeline_analysis_context import add_pipeline_analysis_context
from pyspark.pipelines.block_session_mutations import block_session_mutations
from pyspark.pipelines.flow import Flow
from pyspark.pipelines.graph_element_registry import graph_element_registration_context
from pyspark.pipelines.output import MaterializedView, Output, StreamingTable, TemporaryView
from pyspark.pipelines.spark_connect_graph_element_registry import SparkConnectGraphElementRegistry
from pyspark.pipelines.spark_connect_pipeline import create_dataflow_graph, start_run
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.connect.proto import Read

CATALOG = "spark_catalog"
COMPLETED = re.compile(r"Flow (?:\w+\.)*(\w+) has COMPLETED")
Emit = Callable[..., None]


class UpdateFailed(Exception):
    """The server gave the update up; the message is what its flows said."""


@dataclass(frozen=True)
class Request:
    """What to run: Spark's address, the target schema, where checkpoints lie, the sources and their settings."""

    remote: str
    schema: str
    storage: str
    files: list[str]
    root_path: str | None
    configuration: dict[str, str]
    full_refresh: bool


class Registry(SparkConnectGraphElementRegistry):
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
            frame = flow.func()
            self.reads[flow.target] = tables_read(frame._plan.to_proto(self._spark.client))
            return frame

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
        self._order = TopologicalSorter({
            **{name: set() for name in registry.streams}, **{name: registry.inputs(name) for name in registry.views}})
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=4)
        self._jobs: deque[Future] = deque()
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


def run_update(request: Request, spark: SparkSession, emit: Emit) -> None:
    """Run one update to its end. Raises what Spark or the pipeline's own code raises."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{request.schema}`")
    spark.sql(f"USE `{request.schema}`")
    graph = create_dataflow_graph(spark, CATALOG, request.schema, request.configuration)
    registry = Registry(spark, graph)
    _load_sources(request, spark, graph, registry)
    emit("create_update", "The graph is registered.", tables=[*registry.flows])
    publication = Publication(registry, emit)
    try:
        _run_streams(request, spark, graph, publication, emit)
        publication.finish()
    finally:
        publication.close()


def _load_sources(request: Request, spark: SparkSession, graph: str, registry: Registry) -> None:
    if request.root_path:
        sys.path.insert(0, request.root_path)
    with graph_element_registration_context(registry):
        for file in request.files:
            spec = importlib.util.spec_from_file_location(Path(file).stem, file)
            module = importlib.util.module_from_spec(spec)
            with add_pipeline_analysis_context(spark, graph, None), block_session_mutations():
                spec.loader.exec_module(module)


def _run_streams(request: Request, spark: SparkSession, graph: str, publication: Publication, emit: Emit) -> None:
    results = start_run(spark, graph, full_refresh=[], full_refresh_all=request.full_refresh, refresh=[], dry=False,
                        storage=request.storage)
    messages = []
    try:
        for result in results:
            if "pipeline_event_result" in result:
                messages.append(result["pipeline_event_result"].event.message)
                emit("flow_progress", messages[-1])
                if done := COMPLETED.match(messages[-1]):
                    publication.flow_done(done[1])
    except PySparkException as error:
        # The server's error says that flows failed; why they did is in their events.
        reasons = [message for message in messages if "\nError:" in message]
        raise UpdateFailed("\n".join(reasons) or str(error)) from error


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


def _failure(error: BaseException) -> str:
    if isinstance(error, PySparkException | UpdateFailed):
        return str(error)
    return "".join(traceback.format_exception(error, limit=-3)).strip()


def _emitter(output: TextIO) -> Emit:
    lock = threading.Lock()

    def emit(event_type: str, message: str, **details: object) -> None:
        event = {"timestamp": datetime.now(UTC).isoformat(), "event_type": event_type, "message": message, **details}
        with lock:
            print(json.dumps(event), file=output, flush=True)
    return emit


def _end_with_stdin(spark: SparkSession) -> None:
    sys.stdin.read()
    try:
        spark.stop()
    finally:
        os._exit(1)


def main() -> None:
    """Serve the one request that stdin brings."""
    # What the pipeline's own code prints goes to the log; stdout carries events only.
    emit, sys.stdout = _emitter(sys.stdout), sys.stderr
    line = sys.stdin.readline()
    if not line:
        return
    request = Request(**json.loads(line))
    settings = {"spark.sql.connect.serverStacktrace.enabled": "false", **request.configuration}
    spark = SparkSession.builder.remote(request.remote).config(map=settings).getOrCreate()
    threading.Thread(target=_end_with_stdin, args=(spark,), daemon=True).start()
    try:
        run_update(request, spark, emit)
        emit("update_progress", "The update is complete.", state="COMPLETED")
    except Exception as error:
        emit("update_progress", _failure(error), state="FAILED", error_class=type(error).__name__)
    spark.stop()


if __name__ == "__main__":
    main()
