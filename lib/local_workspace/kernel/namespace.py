"""The names in a notebook's namespace, and how a notebook ends."""

from typing import TYPE_CHECKING, Any

from IPython.display import display

from local_workspace.kernel import runtime_names, session, volume_paths
from local_workspace.kernel.context import EXIT_TYPE, Context
from local_workspace.kernel.dbutils import NotebookExit, Utilities
from local_workspace.kernel.languages import Languages
from local_workspace.kernel.packages import NotebookPackages
from local_workspace.kernel.show import show, show_html

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell


def prepare(shell: "InteractiveShell", context: Context) -> None:
    """Define the names that a notebook has on Databricks in the namespace of `shell`."""
    packages = NotebookPackages(shell)
    dbutils = Utilities(context, packages.restart)
    shell.user_ns.update(dbutils=dbutils, display=show, displayHTML=show_html)
    runtime_names.install(dbutils)
    volume_paths.install()
    Languages(shell, context, dbutils).register()
    packages.register()
    shell.events.register("pre_run_cell", lambda info: _provide_spark(shell, info))
    shell.set_custom_exc((NotebookExit,), _end if context.notebook else _show_result)


def _provide_spark(shell: "InteractiveShell", cell: "ExecutionInfo") -> None:
    """Create `spark` when a cell first needs it: a session takes a second, and many notebooks need none."""
    names = shell.user_ns
    is_absent = "spark" not in names or isinstance(names["spark"], session.LaterSession)
    if is_absent and needs_spark(cell.raw_cell or ""):
        names["spark"] = session.make() if session.has_workspace() else session.LaterSession()


def needs_spark(source: str) -> bool:
    """Whether a cell is SQL, or reads the name `spark` without assigning it."""
    return source.lstrip().startswith(("%sql", "%%sql")) or runtime_names.reads(source, "spark")


def _show_result(_shell: "InteractiveShell", _kind: type, value: NotebookExit, *_: Any, **__: Any) -> None:
    """Show the result of a notebook that a person runs, who may go on in it: only cells that wait are skipped."""
    result = str(value)
    shown = {"text/plain": f"Notebook exited: {result}", EXIT_TYPE: result}
    display(shown, raw=True)


def _end(shell: "InteractiveShell", kind: type, value: NotebookExit, *_: Any, **__: Any) -> None:
    """End the notebook of a task: record its result, and skip all further cells."""
    _show_result(shell, kind, value)
    shell.input_transformers_cleanup.insert(0, lambda _lines: [])
