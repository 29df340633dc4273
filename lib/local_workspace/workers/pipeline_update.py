"""The process of one pipeline update: runs beside the daemon, with the Spark of the Connect server.

It reads one request (a JSON object) from stdin, writes events (one JSON object per line) to stdout, the last with the
update's final `state`, and ends. If stdin closes, because the daemon canceled the update or died, the process stops
its session, which cancels the session's work on the server, and ends.

Streaming tables are run by Spark Declarative Pipelines. Open Spark would also run a materialized view, but empties
the table when the update starts and fills it when the flow ends; so the graph has it as a view (checked and ordered
like the rest), and its query then replaces the table in one Delta commit. A reader sees the old rows or the new.
"""

import importlib.util
import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pyspark import pipelines
from pyspark.errors import PySparkException
from pyspark.pipelines.add_pipeline_analysis_context import add_pipeline_analysis_context
from pyspark.pipelines.block_session_mutations import block_session_mutations
from pyspark.pipelines.graph_element_registry import graph_element_registration_context
from pyspark.pipelines.spark_connect_pipeline import create_dataflow_graph, start_run
from pyspark.sql import SparkSession
from pyspark.sql.streaming.listener import StreamingQueryListener

from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.text_files import read_text
from local_workspace.runtime.timestamps import now_iso
from local_workspace.workers.pipeline_definitions import STATUS, definitions, full_name
from local_workspace.workers.pipeline_errors import UpdateFailed
from local_workspace.workers.pipeline_expectations import PREFIX, decorators, of_options, quality
from local_workspace.workers.pipeline_graph import Emit, Registry
from local_workspace.workers.pipeline_publication import Publication

CATALOG = "spark_catalog"
_CLOSING_SECONDS = 5
VIOLATION = re.compile(r"Flow '.*?' failed to meet the expectation\. .*")


@dataclass(frozen=True)
class Request:
    """An update to run: Spark's address, the target schema, the checkpoints' folder, the sources and their settings."""

    remote: str
    schema: str
    storage: str
    files: list[str]
    root_path: str | None
    configuration: dict[str, str]
    full_refresh: bool


def run_update(request: Request, spark: SparkSession, emit: Emit) -> None:
    """Run one update to its end. Raises the errors of Spark and of the pipeline's own code."""
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{request.schema}`")
    spark.sql(f"USE `{request.schema}`")
    graph = create_dataflow_graph(spark, CATALOG, request.schema, request.configuration)
    registry = Registry(spark, graph, request.schema)
    _load_sources(request, spark, graph, registry)
    emit("create_update", "The graph is registered.", tables=registry.tables, definitions=definitions(registry))
    spark.streams.addListener(QualityOfStreams(registry, emit))
    publication = Publication(registry, spark, emit)
    try:
        if (
            registry.streams or not registry.views
        ):  # the server runs no pipeline of views alone, and refuses an empty one
            _run_streams(request, spark, graph, registry, publication, emit)
        publication.finish()
    finally:
        publication.close()


def _load_sources(request: Request, spark: SparkSession, graph: str, registry: Registry) -> None:
    if request.root_path:
        sys.path.insert(0, request.root_path)
    _add_expectations(registry)
    with graph_element_registration_context(registry), block_session_mutations():
        for file in map(Path, request.files):
            if file.suffix == ".sql":
                registry.register_sql(read_text(file, file.name), file)
                continue
            with add_pipeline_analysis_context(spark, graph, None):
                if file.suffix == ".ipynb":
                    _load_notebook(file, spark, registry)
                else:
                    _load_module(file, spark)
        registry.complete()


def _load_module(file: Path, spark: SparkSession) -> None:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise UpdateFailed(f"{file} can't be loaded as a Python module.")
    module = importlib.util.module_from_spec(spec)
    module.__dict__["spark"] = spark  # as on Databricks, a source file need not import it
    spec.loader.exec_module(module)


def _load_notebook(file: Path, spark: SparkSession, registry: Registry) -> None:
    """Run a notebook's Python cells one after the other, and register its SQL cells."""
    names = {"__name__": file.stem, "__file__": str(file), "spark": spark}
    for cell in json.loads(file.read_text())["cells"]:
        source = "".join(cell["source"])
        first, _, rest = source.lstrip().partition("\n")
        magic, *argument = first.split(maxsplit=1) or [""]
        after = "\n".join([*argument, rest])
        if cell["cell_type"] != "code" or magic == "%md":
            continue
        if magic == "%sql":
            registry.register_sql(after, file)
        elif magic == "%python":
            exec(compile(after, str(file), "exec"), names)
        elif magic.startswith("%"):
            raise UpdateFailed(f"{file.stem}: a local pipeline can't run {first!r}; remove the cell.")
        else:
            exec(compile(source, str(file), "exec"), names)


def _add_expectations(registry: Registry) -> None:
    """Add the expectations of Databricks' module to `pyspark.pipelines`."""
    create = pipelines.create_streaming_table

    def create_streaming_table(name: str, **options: Any) -> None:
        registry.expect(of_options(options), name)
        registry.only_streams(name)
        create(name, **options)

    pipelines.create_streaming_table = create_streaming_table
    for name, decorator in decorators(registry.declare).items():
        setattr(pipelines, name, decorator)


def _run_streams(
    request: Request, spark: SparkSession, graph: str, registry: Registry, publication: Publication, emit: Emit
) -> None:
    results = start_run(
        spark,
        graph,
        full_refresh=[],
        full_refresh_all=request.full_refresh,
        refresh=[],
        dry=False,
        storage=request.storage,
    )
    messages = []
    try:
        for result in results:
            if "pipeline_event_result" in result:
                messages.append(result["pipeline_event_result"].event.message)
                _report_progress(messages[-1], registry, emit)
                if (found := STATUS.match(messages[-1])) and found[2] == "COMPLETED":
                    publication.flow_done(registry.key(found[1]))
    except PySparkException as error:
        # The server's error says only that flows failed; their events say why.
        reasons = [message for message in messages if "\nError:" in message]
        violations = [found[0] for message in messages if (found := VIOLATION.search(message))]
        raise UpdateFailed("\n".join(violations or reasons) or str(error)) from error


def _report_progress(message: str, registry: Registry, emit: Emit) -> None:
    found = STATUS.match(message)
    flow = {"flow": full_name(registry.key(found[1])), "status": found[2]} if found else {}
    emit("flow_progress", message, **flow)


class QualityOfStreams(StreamingQueryListener):
    """Reports how the rows of each batch of a stream met the expectations of its dataset."""

    def __init__(self, registry: Registry, emit: Emit) -> None:
        self._registry, self._emit = registry, emit

    def onQueryStarted(self, event: Any) -> None:
        """Do nothing: no batch has run yet."""

    def onQueryIdle(self, event: Any) -> None:
        """Do nothing: there is no new batch."""

    def onQueryProgress(self, event: Any) -> None:
        """Report the quality of a batch."""
        for name, counts in event.progress.observedMetrics.items():
            dataset = name.removeprefix(PREFIX)
            expectations = self._registry.expectations.get(self._registry.key(dataset), [])
            if dataset != name and expectations:
                measured = quality(dataset, expectations, counts.asDict())
                self._emit("flow_progress", f"A batch of {dataset} is checked.", dataset=dataset, quality=measured)

    def onQueryTerminated(self, event: Any) -> None:
        """Do nothing: every batch has been reported."""


def _failure(error: BaseException) -> str:
    if isinstance(error, PySparkException | UpdateFailed | ApiError):
        return str(error)
    return "".join(traceback.format_exception(error, limit=-3)).strip()


def _emitter(output: TextIO) -> Emit:
    lock = threading.Lock()

    def emit(event_type: str, message: str, **details: object) -> None:
        event = {"timestamp": now_iso(), "event_type": event_type, "message": message, **details}
        with lock:
            print(json.dumps(event), file=output, flush=True)

    return emit


def _end_with_stdin(sessions: Sequence[SparkSession]) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not through sys.stdin, whose lock Python needs to exit
        continue
    for session in sessions:
        # In a thread: a client whose server has ended too retries its last call for minutes.
        closing = threading.Thread(target=session.stop, daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)
    os._exit(1)


def main() -> None:
    """Run the update requested on stdin."""
    # Output of the pipeline's own code goes to the log; stdout is for events only.
    emit, sys.stdout = _emitter(sys.stdout), sys.stderr
    line = sys.stdin.readline()
    if not line:
        return
    request = Request(**json.loads(line))
    settings: dict[str, bool | float | int | str | None] = {
        "spark.sql.connect.serverStacktrace.enabled": "false",
        **request.configuration,
    }
    sessions: list[SparkSession] = []
    threading.Thread(target=_end_with_stdin, args=(sessions,), daemon=True).start()
    spark = SparkSession.builder.remote(request.remote).config(map=settings).getOrCreate()
    sessions.append(spark)
    try:
        run_update(request, spark, emit)
        emit("update_progress", "The update is complete.", state="COMPLETED")
    except Exception as error:
        emit("update_progress", _failure(error), state="FAILED", error_class=type(error).__name__)
    spark.stop()
    sys.stderr.flush()
    os._exit(0)  # while Python ends as usual, a thread that waits in gRPC or for stdin can crash it


if __name__ == "__main__":
    main()
