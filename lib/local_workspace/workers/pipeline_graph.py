"""The graph of one pipeline update: its datasets, their flows and their inputs. Needs the server's own pyspark."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pyspark.pipelines.block_connect_access import block_spark_connect_execution_and_analysis
from pyspark.pipelines.flow import Flow
from pyspark.pipelines.output import MaterializedView, Output, Sink, StreamingTable, Table, TemporaryView
from pyspark.pipelines.source_code_location import SourceCodeLocation
from pyspark.pipelines.spark_connect_graph_element_registry import SparkConnectGraphElementRegistry
from pyspark.sql import DataFrame, SparkSession

from local_workspace.runtime.quoting import quoted
from local_workspace.workers.pipeline_errors import UpdateFailed
from local_workspace.workers.pipeline_expectations import ATTRIBUTE, Expectation, observed
from local_workspace.workers.pipeline_names import (
    Key,
    key,
    names_read,
    names_streamed,
    parts,
    reads_stream,
    rename,
    renamed_sql,
)

TYPE_PROPERTY = "local_workspace.table_type"  # read by runtime/java/local_workspace/Metastore.java
STREAMED_VIEW = (
    "[STREAMING_FROM_MATERIALIZED_VIEW] Cannot stream from Materialized View {name}. Streaming from Materialized Views "
    "is not supported: read it without a stream. SQLSTATE: 0A000"
)
Emit = Callable[..., None]


@dataclass(frozen=True)
class _Renamed:
    """A query whose plan reads other names; the registry asks a data frame for nothing but its plan."""

    frame: Any  # its plan has no public name
    new_name: Callable[[str], str | None]

    @property
    def _plan(self) -> "_Renamed":
        return self

    def plan(self, client: object) -> Any:
        """The plan as a message, for the server's registry."""
        message = self.frame._plan.plan(client)
        rename(message, self.new_name)
        return message


def properties_of(table: Table, table_type: str) -> dict[str, str]:
    """The properties of a pipeline's table, and its type, which the catalog shows instead of MANAGED."""
    return {**table.table_properties, TYPE_PROPERTY: table_type}


class Registry(SparkConnectGraphElementRegistry):  # type: ignore[misc]  # the server's pyspark is not installed
    """Registers the elements of a graph on the server, materialized views as views, and records its tables.

    Flows are registered by `complete`, once all files have been read and all expectations are known.
    """

    def __init__(self, spark: SparkSession, graph: str, schema: str) -> None:
        super().__init__(spark, graph)
        self._schema = schema
        self.views: dict[Key, MaterializedView] = {}
        self.temporary: dict[Key, TemporaryView] = {}
        self.streams: dict[Key, StreamingTable] = {}
        self.flows: dict[Key, list[Flow]] = {}
        self.reads: dict[Key, set[Key]] = {}
        self.expectations: dict[Key, list[Expectation]] = {}
        self._flows: list[Flow] = []
        self._tables: list[StreamingTable] = []
        self._only_streams: set[Key] = set()

    @property
    def tables(self) -> list[str]:
        """The streaming tables and materialized views, each as `schema`.`name`."""
        return [".".join(map(quoted, at)) for at in (*self.streams, *self.views)]

    def key(self, name: str) -> Key:
        """The key of a dataset, however its name is written."""
        return key(name, self._schema)

    def register_output(self, output: Output) -> None:
        """Register a dataset; a streaming table when all files have been read, because it may be none."""
        at = self.key(output.name)
        if not isinstance(output, Sink):
            self.flows[at] = []
        if isinstance(output, StreamingTable):
            self._tables.append(output)
            return
        if isinstance(output, MaterializedView):
            self.views[at] = output
            # A temporary view's name has one part.
            output = TemporaryView(parts(output.name)[-1], output.comment, output.source_code_location)
        elif isinstance(output, TemporaryView):
            self.temporary[at] = output
        super().register_output(output)

    def only_streams(self, name: str) -> None:
        """Record that a table was defined as a streaming table, whatever its flows read."""
        self._only_streams.add(self.key(name))

    def register_flow(self, flow: Flow) -> None:
        """Record a query that fills a dataset."""
        self._flows.append(flow)
        self.expect(getattr(flow.func, ATTRIBUTE, []), flow.target)

    def expect(self, expectations: Iterable[Expectation], dataset: str) -> None:
        """Record expectations of a dataset's rows."""
        self.expectations.setdefault(self.key(dataset), []).extend(expectations)

    def declare(self, expectations: Iterable[Expectation], query: Any) -> Any:
        """Attach expectations to the decorated function, or to the dataset just defined from it; returns `query`."""
        if query is not None:
            setattr(query, ATTRIBUTE, [*getattr(query, ATTRIBUTE, []), *expectations])
        elif self._flows:  # above @dp.table, which returns None
            self.expect(expectations, self._flows[-1].target)
        return query

    def register_sql(self, sql_text: str, file_path: Path) -> None:
        """Register the statements of a SQL file. Raises UnsupportedSQL."""
        from local_workspace.workers.pipeline_sql import Definition, read_statements

        settings: dict[str, str] = {}
        for statement in read_statements(sql_text, file_path.name):
            if isinstance(statement, Definition):
                self._define(statement, str(file_path), dict(settings))
            else:
                settings[statement.key] = statement.value

    def complete(self) -> None:
        """Register the streaming tables and the flows, and record which datasets each flow reads."""
        for table in self._tables:
            self._register_table(table)
        for flow in self._flows:
            at = self.key(flow.target)
            noting = replace(flow, func=self._noting(flow, at))
            if at in self.views:
                name = parts(flow.target)[-1]
                noting = replace(noting, name=name, target=name)
            super().register_flow(noting)
            if at in self.flows:
                self.flows[at].append(flow)

    def _register_table(self, table: StreamingTable) -> None:
        """Register what `@table` defined: a streaming table, or a materialized view if its query is no stream.

        https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-table
        """
        at = self.key(table.name)
        queries = [flow for flow in self._flows if self.key(flow.target) == at]
        if at not in self._only_streams and len(queries) == 1 and self._is_batch(queries[0]):
            self.register_output(MaterializedView(**vars(table)))
        else:
            self.streams[at] = stream = replace(table, table_properties=properties_of(table, "STREAMING_TABLE"))
            super().register_output(stream)

    def _is_batch(self, flow: Flow) -> bool:
        try:
            with block_spark_connect_execution_and_analysis():
                return not reads_stream(flow.func()._plan.to_proto(self._spark.client))
        except Exception:  # whatever the pipeline's code raises, it raises again when its flow is registered
            return False

    def inputs(self, at: Key) -> set[Key]:
        """The datasets of this graph that must be complete before `at`; all streams if its plan names none."""
        read = self.reads.get(at, set()) & self.flows.keys() - {at}
        return read or (set() if at in self.temporary else set(self.streams))

    def is_table(self, at: Key) -> bool:
        """Whether the workspace has a table or view of this name."""
        return bool(self._spark.catalog.tableExists(".".join(map(quoted, at))))

    def _noting(self, flow: Flow, at: Key) -> Callable[[], DataFrame]:
        def query() -> DataFrame:
            frame: Any = flow.func()  # its plan has no public name
            plan = frame._plan.to_proto(self._spark.client)
            self._refuse_streamed_views(names_streamed(plan))
            names = names_read(plan)
            self.reads.setdefault(at, set()).update(map(self.key, names))
            if at not in self.views and self.expectations.get(at):
                frame = observed(frame, flow.target, self.expectations[at])
            # The server knows a materialized view as a view without a schema; under its full name it would read the
            # table, which an earlier update published.
            return cast(DataFrame, _Renamed(frame, self._view_of))

        return query

    def _refuse_streamed_views(self, streamed: Iterable[str]) -> None:
        """Raise UpdateFailed if one of the streams is a materialized view of the graph, as on Databricks.

        https://docs.databricks.com/aws/en/error-messages/error-classes#streaming_from_materialized_view
        """
        for name in streamed:
            if view := self.views.get(self.key(name)):
                raise UpdateFailed(STREAMED_VIEW.format(name=view.name))

    def _view_of(self, name: str) -> str | None:
        """The name of the view that stands for a materialized view in the graph, if `name` is one's full name."""
        view = self.views.get(self.key(name)) if len(parts(name)) > 1 else None
        return quoted(parts(view.name)[-1]) if view else None

    def _read(self, query: str) -> DataFrame:
        return cast(DataFrame, self._spark.sql(renamed_sql(query, self._live) if "LIVE" in query.upper() else query))

    def _live(self, name: str) -> str | None:
        """The name of the pipeline's dataset that `LIVE.x` stands for, if `name` is written like that.

        LIVE is the schema of older pipelines: https://docs.databricks.com/aws/en/ldp/live-schema.
        """
        schema, *rest = parts(name)
        if schema.upper() != "LIVE" or len(rest) != 1:
            return None
        at = self.key(quoted(rest[0]))
        return quoted(rest[0]) if at in self.temporary else f"{quoted(self._schema)}.{quoted(rest[0])}"

    def _define(self, made: Any, file: str, settings: dict[str, str]) -> None:
        """Register what a statement of a SQL file defines."""
        place = SourceCodeLocation(file, made.line)
        table = (made.properties, made.partition_cols, made.cluster_by, made.schema, None)
        if made.kind == "MATERIALIZED VIEW":
            self.register_output(MaterializedView(made.name, made.comment, place, *table))
        elif made.kind == "STREAMING TABLE":
            self.only_streams(made.name)
            self.register_output(StreamingTable(made.name, made.comment, place, *table))
        elif made.kind == "TEMPORARY VIEW":
            self.register_output(TemporaryView(made.name, made.comment, place))
        if made.query:
            query: str = made.query
            target = made.target or made.name
            self.register_flow(Flow(made.name, target, settings, place, lambda: self._read(query)))
        self.expect(made.expectations, made.name)
