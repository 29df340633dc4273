"""The execution of SQL statements on the Spark server."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NotRequired, TypedDict

from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.sql.formats import MEDIA_TYPES, TextRows
from local_workspace.engines.sql.history import History
from local_workspace.engines.sql.links import Links
from local_workspace.engines.sql.parameters import check_names
from local_workspace.engines.sql.result import ChunkData, LinkedData, Manifest, Result
from local_workspace.engines.sql.run import Run, Status
from local_workspace.engines.sql.statement import Statement
from local_workspace.runtime.errors import invalid, not_found

_KEPT_STATEMENTS = 200


class Answer(TypedDict):
    """A statement's state, with the manifest and first chunk of its result if it has succeeded."""

    statement_id: str
    status: Status
    manifest: NotRequired[Manifest]
    result: NotRequired[ChunkData | LinkedData]


class StatementsEngine:
    """Runs SQL statements in threads and keeps their results for a while. `links` are those to their chunks."""

    def __init__(self, spark: SparkEngine, links: Links | None = None) -> None:
        self._spark, self._links = spark, links or Links()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="statement")
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._lock = threading.Lock()
        self.history = History()

    def stop(self) -> None:
        """End every statement, while Spark still runs: without it a client tries again for minutes."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.cancel()

    def execute(self, statement: Statement, wait_seconds: float, cancel: bool = False) -> Answer:
        """Start a statement and wait up to `wait_seconds` for it; `cancel` ends one that takes longer.

        Raises ApiError 400 for an invalid parameter.
        """
        check_names(statement.parameters)
        for parameter in statement.parameters:
            parameter.read()
        statement_id = str(uuid.uuid4())
        self.history.begin(statement_id, statement)
        run = Run(statement_id, statement, self._spark, self._pool)
        self._keep(statement_id, run)
        run.on_end(partial(self.history.end, statement_id))
        run.wait(wait_seconds)
        if cancel and not run.ended:
            run.cancel()
        return self._answer(statement_id, run)

    def get(self, statement_id: str) -> Answer:
        """The statement's state, and the first chunk of its result if it has succeeded. Raises ApiError 404."""
        return self._answer(statement_id, self._run(statement_id))

    def chunk(self, statement_id: str, index: int) -> ChunkData | LinkedData:
        """A chunk of a result. Raises ApiError 404, and 400 if the statement hasn't succeeded."""
        return self._chunk(statement_id, self._result(statement_id), index)

    def manifest(self, statement_id: str) -> Manifest:
        """A result's columns and sizes. Raises ApiError 404, and 400 if the statement hasn't succeeded."""
        return self._result(statement_id).manifest()

    def rows(self, statement_id: str, first: int, most: int) -> TextRows:
        """At most so many rows of a result from the one of index `first` on, each value as text.

        Raises ApiError 404, and 400 if the statement hasn't succeeded.
        """
        return self._result(statement_id).rows(first, most)

    def parts(self, statement_id: str) -> tuple[Iterator[bytes], str]:
        """A whole result in its format, chunk by chunk, and its media type. Raises ApiError as `chunk` does."""
        result = self._result(statement_id)
        count = result.manifest()["total_chunk_count"]
        return (result.encoded(index) for index in range(count)), MEDIA_TYPES[result.output.format]

    def linked(self, statement_id: str, index: int, expires: int, signature: str) -> tuple[bytes, str]:
        """What a link leads to, and its media type. Raises ApiError 403 for a link that isn't valid (any more)."""
        self._links.check(statement_id, index, expires, signature)
        result = self._result(statement_id)
        return result.encoded(index), MEDIA_TYPES[result.output.format]

    def cancel(self, statement_id: str) -> None:
        """End a statement; one that has ended stays as it is. Raises ApiError 404."""
        self._run(statement_id).cancel()

    def _result(self, statement_id: str) -> Result:
        """A statement's result. Raises ApiError 404, and 400 if the statement hasn't succeeded."""
        run = self._run(statement_id)
        result = run.result()
        if result is None:
            state = run.status()["state"]
            raise invalid(f"Statement '{statement_id}' has no result: its state is {state}")
        return result

    def _answer(self, statement_id: str, run: Run) -> Answer:
        answer: Answer = {"statement_id": statement_id, "status": run.status()}
        if result := run.result():
            answer |= {"manifest": result.manifest(), "result": self._chunk(statement_id, result, 0)}
        return answer

    def _chunk(self, statement_id: str, result: Result, index: int) -> ChunkData | LinkedData:
        internal = f"/api/2.0/sql/statements/{statement_id}/result/chunks"
        return result.chunk(index, internal, partial(self._links.make, statement_id))

    def _run(self, statement_id: str) -> Run:
        with self._lock:
            run = self._runs.get(statement_id)
        if run is None:
            raise not_found(f"Statement '{statement_id}' does not exist, or its result was dropped")
        return run

    def _keep(self, statement_id: str, run: Run) -> None:
        with self._lock:
            self._runs[statement_id] = run
            ended = [key for key, kept in self._runs.items() if kept.ended]
            for key in ended[: max(0, len(self._runs) - _KEPT_STATEMENTS)]:
                del self._runs[key]
