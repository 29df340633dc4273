"""The execution of one statement in a thread of a pool."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, wait
from typing import TYPE_CHECKING, NotRequired, TypedDict

from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.sql.configuration import configured
from local_workspace.engines.sql.failure import Failure, failure
from local_workspace.engines.sql.receive import collect
from local_workspace.engines.sql.result import Result
from local_workspace.engines.sql.statement import Statement
from local_workspace.engines.sql.words import is_query, leaves_session_alone, refusal
from local_workspace.runtime.errors import invalid, unavailable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

_INTERRUPTS = 10
_INTERRUPT_SECONDS = 0.5


class Status(TypedDict):
    """PENDING, RUNNING, SUCCEEDED, FAILED or CANCELED, and why."""

    state: str
    error: NotRequired[Failure]


class Run:
    """A statement submitted to `pool`. Thread-safe."""

    def __init__(self, statement_id: str, statement: Statement, spark: SparkEngine, pool: Executor) -> None:
        self._id, self._statement, self._spark = statement_id, statement, spark
        self._canceled = threading.Event()
        self._session: SparkSession | None = None
        self._future = pool.submit(self._answer)

    def on_end(self, callback: Callable[["Run"], None]) -> None:
        """Have `callback` called once the statement has ended."""
        self._future.add_done_callback(lambda _: callback(self))

    def wait(self, seconds: float) -> None:
        """Wait until the statement has ended, at most `seconds`."""
        wait([self._future], seconds)

    @property
    def ended(self) -> bool:
        """Whether the statement's state is final."""
        return self._future.done()

    def cancel(self) -> None:
        """End the statement if it hasn't ended. Waits a few seconds for Spark to stop it."""
        if self._future.done():
            return
        self._canceled.set()
        self._future.cancel()
        # Repeated, because an interrupt has no effect on a query that has not reached Spark yet.
        for _ in range(_INTERRUPTS):
            if self._session:
                self._session.interruptTag(self._id)
            if wait([self._future], _INTERRUPT_SECONDS).done:
                return

    def status(self) -> Status:
        """The current state."""
        if self._canceled.is_set():
            return {"state": "CANCELED"}
        if not self._future.done():
            return {"state": "RUNNING" if self._future.running() else "PENDING"}
        try:
            self._future.result()
        except Exception as error:  # a thread's boundary: any error is the statement's outcome
            return {"state": "FAILED", "error": failure(error, self._spark.catalog())}
        return {"state": "SUCCEEDED"}

    def result(self) -> Result | None:
        """The statement's result; None if it hasn't succeeded."""
        return self._future.result() if self.status()["state"] == "SUCCEEDED" else None

    def _answer(self) -> Result:
        if reason := refusal(self._statement.text):
            raise invalid(reason)
        self._check_catalog()
        with self._open_session() as session:
            session.addTag(self._id)
            try:
                self._session = session
                if self._canceled.is_set():
                    raise CancelledError  # nobody reads it
                frame = configured(session, self._statement.text)
                if frame is None:
                    frame = _frame(session, self._statement)
                return collect(frame, self._statement.limits, self._statement.output)
            finally:
                self._session = None
                session.removeTag(self._id)

    def _check_catalog(self) -> None:
        named = self._statement.catalog
        if named is not None and named.lower() != self._spark.catalog().lower():
            raise invalid(
                f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{named}' was not found. Please verify the catalog name and then "
                "retry the query or command again. SQLSTATE: 42704"
            )

    @contextlib.contextmanager
    def _open_session(self) -> "Iterator[SparkSession]":
        """The session that a schema's statements share, or a new one for a statement that may change its session.

        A new session costs a statement a tenth of a second.
        """
        schema = self._statement.schema
        with contextlib.ExitStack() as stack:
            try:
                if leaves_session_alone(self._statement.text):
                    session = self._spark.session(schema)
                else:
                    session = stack.enter_context(self._spark.own_session(schema))
            except RuntimeError as error:
                raise unavailable(str(error)) from error
            yield session


def _frame(session: "SparkSession", statement: Statement) -> "DataFrame":
    """The rows of a statement. `spark.sql` would send a query twice: to find out whether it is one, and to run it."""
    from pyspark.sql.connect.dataframe import DataFrame as Frame
    from pyspark.sql.connect.plan import SQL

    values = {parameter.name: parameter.literal() for parameter in statement.parameters}
    if is_query(statement.text):
        return Frame(SQL(statement.text, [], values, []), session)
    return session.sql(statement.text, values)
