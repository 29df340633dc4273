"""Tasks that run SQL on a warehouse: a file of the workspace, or a saved query."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from local_workspace.engines.jobs.documents import NotebookTask, SqlTask
from local_workspace.engines.jobs.run_documents import Outcome, SqlRun, TaskRun
from local_workspace.engines.sql.configuration import TimedOut, configured, time_limit
from local_workspace.engines.sql.failure import failure
from local_workspace.engines.sql.queries import Query, defaults
from local_workspace.engines.sql.script import Value, markers, plain_catalog, statements, with_values
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.errors import ApiError, invalid
from local_workspace.runtime.text_files import read_text

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession


@dataclass(frozen=True)
class SqlServices:
    """What SQL tasks use: `warehouse` and `query` find by id and raise ApiError 404, `session` opens a new one.

    `refusal` says why a statement is refused; it is empty if the statement may run.
    """

    warehouse: Callable[[str], object]
    query: Callable[[str], Query]
    session: Callable[[], "AbstractContextManager[SparkSession]"]
    refusal: Callable[[str], str]


@dataclass(frozen=True)
class SqlTasks:
    """Runs SQL tasks, each in a session of its own."""

    services: SqlServices
    files: WorkspaceFiles

    def run(self, task: TaskRun, cancellation: Cancellation) -> Outcome:
        """Run all statements of the task in order. Raises ApiError for a missing warehouse, file or query."""
        settings = task["sql_task"]
        self.services.warehouse(settings["warehouse_id"])
        text, values = self._script(settings)
        ran: SqlRun = {"query_text": text, "warehouse_id": settings["warehouse_id"]}
        found = statements(with_values(text, values))
        with self.services.session() as session, cancellation.calling(lambda: _end(session)):
            for statement in found:
                if cancellation.reason:
                    break
                if error := self._execute(session, statement, values):
                    return {"error": error, "error_trace": "", "sql": ran}
        return {"sql": ran}

    def check_notebook(self, notebook: NotebookTask) -> None:
        """Raise ApiError 404 if a notebook's warehouse is missing; 400 if it has a cell that is not SQL.

        A warehouse runs SQL cells only: the SDK's docstring of `NotebookTask.warehouse_id`.
        """
        self.services.warehouse(notebook["warehouse_id"])
        cells = json.loads(self.files.read(notebook["notebook_path"], "JUPYTER")[0])["cells"]
        for number, cell in enumerate(cells, 1):
            source = "".join(cell["source"]).lstrip()
            if cell["cell_type"] == "code" and source and not source.startswith(("%sql", "%md")):
                raise invalid(f"Cell {number} is not SQL; a warehouse runs SQL cells only. Leave out warehouse_id.")

    def _script(self, settings: SqlTask) -> tuple[str, dict[str, Value]]:
        """The SQL of the task, and the values of its parameters."""
        own: Mapping[str, str] = settings.get("parameters", {})
        if file := settings.get("file"):
            return read_text(self.files.resolve(file["path"]), repr(file["path"])), dict(own)
        query = self.services.query(settings["query"]["query_id"])
        values = defaults(query)
        for name, value in own.items():
            values[name] = _number(name, value) if isinstance(values.get(name), Decimal) else value
        return query.get("query_text", ""), values

    def _execute(self, session: "SparkSession", statement: str, values: Mapping[str, Value]) -> str:
        """Run one statement and drop its rows; returns the error's message, an empty string without one."""
        if reason := self.services.refusal(statement):
            return reason
        try:
            with time_limit(session):
                frame = configured(session, statement)
                if frame is None:
                    frame = session.sql(plain_catalog(statement), dict(markers(statement, values)) or None)
                frame.write.format("noop").mode("overwrite").save()  # a query runs only when its rows are wanted
        except ApiError:
            raise
        except TimedOut as error:
            return str(error)
        except Exception as error:  # whatever Spark and its client raise is the task's outcome
            return failure(error, "")["message"]
        return ""


def _number(name: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise invalid(f"The query's parameter {name!r} is a number, and {text!r} is none.") from None


def _end(session: "SparkSession") -> None:
    session.interruptAll()
