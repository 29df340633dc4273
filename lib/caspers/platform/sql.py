"""SQL through the Statement Execution API: a few rows, without the cost of a Spark session."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_result, wait_fixed

from caspers.platform.client import required

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import StatementResponse, StatementStatus

type Row = dict[str, Any]
"""A row by its columns' names; what a statement returns is known to its author only."""

# The last is open Spark's for a catalog that is not there.
_NO_SUCH_TABLE = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG", "REQUIRES_SINGLE_PART_NAMESPACE")

_READERS: dict[str, Callable[[str], Any]] = {
    "INT": int,
    "INTEGER": int,
    "LONG": int,
    "BIGINT": int,
    "SHORT": int,
    "BYTE": int,
    "DOUBLE": float,
    "FLOAT": float,
    "DECIMAL": Decimal,
    "BOOLEAN": lambda text: text == "true",
}


def query(w: "WorkspaceClient", warehouse_id: str, statement: str, values: dict[str, Any]) -> list[Row]:
    """The rows of `statement` as dicts; each of `values` is bound to `:name`.

    Numbers and booleans come as Python's own, everything else as text. Raises RuntimeError with the engine's message.
    """
    from databricks.sdk.service.sql import StatementParameterListItem, StatementState

    bound = [
        StatementParameterListItem(name=name, value=None if value is None else str(value), type=_type(value))
        for name, value in values.items()
    ]
    answer = w.statement_execution.execute_statement(
        statement=statement,
        warehouse_id=warehouse_id,
        parameters=bound,
        wait_timeout="50s",
    )
    unfinished = (StatementState.PENDING, StatementState.RUNNING)
    if _status(answer).state in unfinished:
        answer = Retrying(wait=wait_fixed(0.5), retry=retry_if_result(lambda now: _status(now).state in unfinished))(
            w.statement_execution.get_statement, required(answer.statement_id, "statement id")
        )
    status = _status(answer)
    if status.state != StatementState.SUCCEEDED:
        raise RuntimeError(f"SQL failed: {status.error.message if status.error else status.state}")
    return _rows(w, answer)


def create_warehouse(w: "WorkspaceClient", name: str) -> str:
    """Create a small serverless SQL warehouse, which stops ten minutes after its last query; returns its id."""
    from databricks.sdk.service.sql import CreateWarehouseRequestWarehouseType

    warehouse = w.warehouses.create(
        name=name,
        cluster_size="2X-Small",
        max_num_clusters=1,
        auto_stop_mins=10,
        warehouse_type=CreateWarehouseRequestWarehouseType.PRO,  # which serverless compute needs
        enable_serverless_compute=True,
    )
    return required(warehouse.id, "warehouse id")


def names_no_table(error: RuntimeError) -> bool:
    """Whether `query` raised this because a table, a view or its schema does not exist."""
    return any(code in str(error) for code in _NO_SUCH_TABLE)


def _status(answer: "StatementResponse") -> "StatementStatus":
    return required(answer.status, "state of the statement")


def _type(value: object) -> str:
    return {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}.get(type(value), "STRING")


def _rows(w: "WorkspaceClient", answer: "StatementResponse") -> list[Row]:
    if answer.manifest is None and answer.result is None:
        return []  # of a statement that returns no rows
    schema = required(answer.manifest.schema if answer.manifest else None, "schema of the result")
    columns = schema.columns or []
    readers = [_READERS.get(column.type_name.value if column.type_name else "", str) for column in columns]
    return [
        {
            required(column.name, "column's name"): None if text is None else read(text)
            for column, read, text in zip(columns, readers, row, strict=True)
        }
        for row in _texts(w, answer)
    ]


def _texts(w: "WorkspaceClient", answer: "StatementResponse") -> Iterator[list[str]]:
    """The rows of a result, which comes in chunks."""
    chunk = answer.result
    while chunk:
        yield from chunk.data_array or []
        if chunk.next_chunk_index is None:
            return
        chunk = w.statement_execution.get_statement_result_chunk_n(
            required(answer.statement_id, "statement id"), chunk.next_chunk_index
        )
