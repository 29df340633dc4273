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
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pyspark.errors import PySparkException
from pyspark.pipelines.add_pipeline_analysis_context import add_pipeline_analysis_context
from pyspark.pipelines.block_session_mutations import block_session_mutations
from pyspark.pipelines.graph_element_registry import graph_element_registration_context
from pyspark.pipelines.spark_connect_pipeline import create_dataflow_graph, start_run
from pyspark.sql import SparkSession

from local_workspace.runtime.timestamps import now_iso
from local_workspace.workers.pipeline_graph import Emit, Publication, Registry

CATALOG = "spark_catalog"
COMPLETED = re.compile(r"Flow (?:\w+\.)*(\w+) has COMPLETED")


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
            if spec is None or spec.loader is None:
                raise UpdateFailed(f"{file} can't be loaded as a Python module.")
            module = importlib.util.module_from_spec(spec)
            with add_pipeline_analysis_context(spark, graph, None), block_session_mutations():
                spec.loader.exec_module(module)


def _run_streams(request: Request, spark: SparkSession, graph: str, publication: Publication, emit: Emit) -> None:
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
                emit("flow_progress", messages[-1])
                if done := COMPLETED.match(messages[-1]):
                    publication.flow_done(done[1])
    except PySparkException as error:
        # The server's error says that flows failed; why they did is in their events.
        reasons = [message for message in messages if "\nError:" in message]
        raise UpdateFailed("\n".join(reasons) or str(error)) from error


def _failure(error: BaseException) -> str:
    if isinstance(error, PySparkException | UpdateFailed):
        return str(error)
    return "".join(traceback.format_exception(error, limit=-3)).strip()


def _emitter(output: TextIO) -> Emit:
    lock = threading.Lock()

    def emit(event_type: str, message: str, **details: object) -> None:
        event = {"timestamp": now_iso(), "event_type": event_type, "message": message, **details}
        with lock:
            print(json.dumps(event), file=output, flush=True)

    return emit


def _end_with_stdin(spark: SparkSession) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not through sys.stdin, whose lock the end of the process would want
        continue
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
    settings: dict[str, bool | float | int | str | None] = {
        "spark.sql.connect.serverStacktrace.enabled": "false",
        **request.configuration,
    }
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
