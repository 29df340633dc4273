"""SQL statements, answered by the Spark server."""

import contextlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NotRequired, TypedDict

from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.sql.parameters import Parameter
from local_workspace.engines.sql.result import Chunk, Manifest, Result, collect
from local_workspace.engines.sql.words import is_query, leaves_session_alone
from local_workspace.runtime.errors import ApiError, not_found, unavailable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

ROW_LIMIT = 100_000
_KEPT_STATEMENTS = 200


@dataclass(frozen=True)
class Statement:
    """SQL `text` to run in `schema` (Spark's default if None), its answer cut at `row_limit` rows."""

    text: str
    parameters: Sequence[Parameter] = ()
    schema: str | None = None
    row_limit: int = ROW_LIMIT


class Failure(TypedDict):
    """Why a statement failed."""

    error_code: str
    message: str


class Status(TypedDict):
    """SUCCEEDED, RUNNING or FAILED, and why."""

    state: str
    error: NotRequired[Failure]


class Answer(TypedDict):
    """A statement's state, and what it gave if it has succeeded."""

    statement_id: str
    status: Status
    manifest: NotRequired[Manifest]
    result: NotRequired[Chunk]


class StatementsEngine:
    """Runs SQL statements in threads and keeps their results for a while."""

    def __init__(self, spark: SparkEngine) -> None:
        self._spark = spark
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="statement")
        self._running: OrderedDict[str, Future[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Take no more statements."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def execute(self, statement: Statement, wait_seconds: float) -> Answer:
        """Start a statement and wait up to `wait_seconds` for it. Raises ApiError 400 for a parameter's value."""
        statement_id = str(uuid.uuid4())
        for parameter in statement.parameters:
            parameter.read()
        future = self._pool.submit(self._run, statement)
        with self._lock:
            self._running[statement_id] = future
            while len(self._running) > _KEPT_STATEMENTS:
                self._running.popitem(last=False)
        return self.get(statement_id, wait_seconds)

    def get(self, statement_id: str, wait_seconds: float = 0) -> Answer:
        """The statement's state, and its result if it has ended. Raises ApiError 404 for an unknown id."""
        with self._lock:
            future = self._running.get(statement_id)
        if future is None:
            raise not_found(f"Statement '{statement_id}' does not exist, or its result was dropped")
        try:
            result = future.result(wait_seconds)
        except TimeoutError:
            return {"statement_id": statement_id, "status": {"state": "RUNNING"}}
        except Exception as error:  # a thread's boundary: whatever Spark raised is the statement's outcome
            return {"statement_id": statement_id, "status": {"state": "FAILED", "error": _failure(error)}}
        return {"statement_id": statement_id, "status": {"state": "SUCCEEDED"}, **result}

    def _run(self, statement: Statement) -> Result:
        with self._session(statement) as session:
            return collect(_frame(session, statement), min(statement.row_limit, ROW_LIMIT))

    @contextlib.contextmanager
    def _session(self, statement: Statement) -> "Iterator[SparkSession]":
        """The session that all statements of a schema share, or one of its own for what could change a session.

        A new session costs a statement a tenth of a second.
        """
        with contextlib.ExitStack() as stack:
            try:
                if leaves_session_alone(statement.text):
                    session = self._spark.session(statement.schema)
                else:
                    session = stack.enter_context(self._spark.own_session(statement.schema))
            except RuntimeError as error:
                raise unavailable(str(error)) from error
            yield session


def _failure(error: Exception) -> Failure:
    """What Spark said, without the JVM's stack trace."""
    code = (
        error.error_code
        if isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
        else "BAD_REQUEST"
    )
    return {"error_code": code, "message": str(error).partition("\n\nJVM stacktrace")[0]}


def _frame(session: "SparkSession", statement: Statement) -> "DataFrame":
    """The rows of a statement. `sql` would send a query twice: to learn whether it is one, and to run it."""
    from pyspark.sql.connect.dataframe import DataFrame as Frame
    from pyspark.sql.connect.plan import SQL

    values = {parameter.name: parameter.literal() for parameter in statement.parameters}
    if is_query(statement.text):
        return Frame(SQL(statement.text, [], values, []), session)
    return session.sql(statement.text, values)
