"""SQL warehouses and statements, answered by the Spark server."""

import json
import re
import threading
import uuid
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local_workspace.engines.spark import SparkEngine
from local_workspace.engines.sql.binding import bind
from local_workspace.runtime.errors import invalid, not_found
from local_workspace.runtime.store import Store

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

ROW_LIMIT = 100_000
_KEPT_STATEMENTS = 200
_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)  # what begins otherwise may change something
_CASTS = {
    "BIGINT": int,
    "INT": int,
    "LONG": int,
    "SMALLINT": int,
    "DOUBLE": float,
    "FLOAT": float,
    "DECIMAL": Decimal,
    "BOOLEAN": lambda text: text.lower() == "true",
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}


class StatementsEngine:
    """Runs SQL statements in threads and keeps their results for a while."""

    def __init__(self, store: Store, spark: SparkEngine) -> None:
        self._store, self._spark = store, spark
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="statement")
        self._running: OrderedDict[str, Future] = OrderedDict()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Take no more statements."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # warehouses: names for the one Spark server

    def create_warehouse(self, name: str, settings: dict) -> dict:
        """A new warehouse. Raises ApiError if the name is taken."""
        if any(doc["name"] == name for doc in self.list_warehouses()):
            raise invalid(f"A SQL warehouse named '{name}' already exists")
        doc = {**settings, "id": uuid.uuid4().hex[:16], "name": name}
        self._store.put("warehouse", doc["id"], doc)
        return self._with_state(doc)

    def list_warehouses(self) -> list[dict]:
        """All warehouses."""
        return [self._with_state(doc) for doc in self._store.list("warehouse")]

    def get_warehouse(self, warehouse_id: str) -> dict:
        """A warehouse by id. Raises ApiError if there is none."""
        doc = self._store.get("warehouse", warehouse_id)
        if doc is None:
            raise not_found(f"SQL warehouse '{warehouse_id}' does not exist")
        return self._with_state(doc)

    def delete_warehouse(self, warehouse_id: str) -> None:
        """Remove a warehouse."""
        self.get_warehouse(warehouse_id)
        self._store.delete("warehouse", warehouse_id)

    def _with_state(self, doc: dict) -> dict:
        state = {"starting": "STARTING", "running": "RUNNING"}.get(self._spark.state(), "STOPPED")
        return {**doc, "state": state}

    # statements

    def execute(self, request: dict, wait_seconds: float) -> dict:
        """Start a statement and wait up to `wait_seconds` for it; returns the API's statement object."""
        self.get_warehouse(request.get("warehouse_id", ""))
        statement_id = str(uuid.uuid4())
        arguments = {item["name"]: _cast(item) for item in request.get("parameters") or []}
        future = self._pool.submit(self._run, request, arguments)
        with self._lock:
            self._running[statement_id] = future
            while len(self._running) > _KEPT_STATEMENTS:
                self._running.popitem(last=False)
        return self.get(statement_id, wait_seconds)

    def get(self, statement_id: str, wait_seconds: float = 0) -> dict:
        """The statement's state, and its result if it has ended. Raises ApiError for an unknown id."""
        with self._lock:
            future = self._running.get(statement_id)
        if future is None:
            raise not_found(f"Statement '{statement_id}' does not exist, or its result was dropped")
        return {"statement_id": statement_id, **_outcome(future, wait_seconds)}

    def _run(self, request: dict, arguments: dict[str, Any]) -> dict:
        limit = min(int(request.get("row_limit") or ROW_LIMIT), ROW_LIMIT)
        frame = _frame(self._spark.session(request.get("schema")), bind(request["statement"], arguments))
        return _result(frame, limit)


def _outcome(future: Future, wait_seconds: float) -> dict:
    try:
        return {"status": {"state": "SUCCEEDED"}, **future.result(wait_seconds)}
    except TimeoutError:
        return {"status": {"state": "RUNNING"}}
    except Exception as error:  # the caller is told whatever Spark said
        return {"status": {"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": _message(error)}}}


def _message(error: Exception) -> str:
    """What Spark said, without the JVM's stack trace."""
    return str(error).partition("\n\nJVM stacktrace")[0]


def _frame(session: "SparkSession", statement: str) -> "DataFrame":
    """The rows of a statement. `sql` would send a query twice: to learn whether it is one, and to run it."""
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.plan import SQL

    return DataFrame(SQL(statement, [], {}, []), session) if _QUERY.match(statement) else session.sql(statement)


def _result(frame: "DataFrame", limit: int) -> dict:
    # Rows and types in one request: for `schema` and then `collect` Spark would look at all tables twice.
    table, schema = frame.limit(limit + 1)._to_table()
    kept = table.slice(0, limit)
    columns = [
        {
            "name": field.name,
            "position": position,
            "type_text": field.dataType.simpleString().upper(),
            "type_name": field.dataType.typeName().upper().split("(")[0].replace("INTEGER", "INT"),
        }
        for position, field in enumerate(schema)
    ]
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": kept.num_rows}
    manifest = {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_row_count": kept.num_rows,
        "total_chunk_count": 1,
        "truncated": table.num_rows > limit,
        "chunks": [chunk],
    }
    values = (column.to_pylist(maps_as_pydicts="strict") for column in kept.columns)
    rows = [[_text(value) for value in row] for row in zip(*values, strict=True)]
    return {"manifest": manifest, "result": {**chunk, "data_array": rows}}


def _text(value: object) -> str | None:
    """A value as the JSON_ARRAY format has it: text, or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return str(value)


def _cast(item: dict) -> object:
    value, kind = item.get("value"), (item.get("type") or "STRING").upper().partition("(")[0]
    if value is None:
        return None
    try:
        return _CASTS.get(kind, str)(value)
    except (ValueError, ArithmeticError):
        raise invalid(f"Parameter '{item['name']}': {value!r} is no {kind}") from None
