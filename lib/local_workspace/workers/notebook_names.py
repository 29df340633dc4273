"""What Databricks puts into a notebook: `spark`, `dbutils`, `display`, `%sql` and `%run`.

A kernel of a job's task loads this at its start. Each name is made when a cell first uses it, and never takes the place
of one that the notebook has made itself. See https://docs.databricks.com/aws/en/dev-tools/databricks-utils.
"""

import ast
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROWS_SHOWN = 1000
PARAMETERS = "LOCAL_WORKSPACE_TASK_PARAMETERS"  # the variable that names the JSON file of the task's parameters


class NotebookExit(Exception):
    """Ends the notebook; its text is the task's result."""


class NotInALocalWorkspace(NotImplementedError):
    """Something of Databricks' that a local workspace does not have; the message says what to do instead."""


class Widgets:
    """`dbutils.widgets`: the task's parameters, and defaults for those that it was not given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values, self._defaults = dict(values), dict[str, str]()

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:
        """Define a widget."""
        self._defaults[name] = str(defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: list[str], label: str | None = None) -> None:
        """Define a widget of which a value is chosen."""
        self._defaults[name] = str(defaultValue)

    combobox = multiselect = dropdown

    def get(self, name: str) -> str:
        """The value of a parameter or widget. Raises ValueError if there is none of that name."""
        if name not in self._values | self._defaults:
            raise ValueError(
                f"No widget is named {name!r}: pass the parameter, or define it with dbutils.widgets.text."
            )
        return self._values.get(name, self._defaults.get(name, ""))

    def getArgument(self, name: str, defaultValue: str = "") -> str:
        """The value of a parameter or widget, or a default."""
        return (self._defaults | self._values).get(name, defaultValue)

    def getAll(self) -> dict[str, str]:
        """All parameters and widgets."""
        return self._defaults | self._values

    def remove(self, name: str) -> None:
        """Forget a widget; a parameter stays."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:
        """Forget all widgets."""
        self._defaults.clear()


class Notebook:
    """`dbutils.notebook`."""

    def exit(self, value: object) -> None:
        """End the notebook with a value."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int = 0, arguments: Mapping[str, str] | None = None) -> str:
        """Not in a local workspace."""
        raise NotInALocalWorkspace("dbutils.notebook.run: make the notebook a task of the job, or use %run.")


class TaskValues:
    """`dbutils.jobs.taskValues`."""

    def set(self, key: str, value: object) -> None:
        """Not in a local workspace."""
        raise NotInALocalWorkspace("dbutils.jobs.taskValues: hand values on in a table or a file of a volume.")

    def get(self, taskKey: str, key: str, default: object = None, debugValue: object = None) -> object:
        """Not in a local workspace."""
        raise NotInALocalWorkspace("dbutils.jobs.taskValues: hand values on in a table or a file of a volume.")


class Jobs:
    """`dbutils.jobs`."""

    taskValues = TaskValues()


class Utilities:
    """`dbutils`; what is not here is the SDK's, such as `fs`."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.widgets, self.notebook, self.jobs = Widgets(parameters), Notebook(), Jobs()

    def __getattr__(self, name: str) -> Any:
        """The SDK's utility of that name."""
        from databricks.sdk import WorkspaceClient

        return getattr(WorkspaceClient().dbutils, name)


def show(*objects: Any, **options: Any) -> None:
    """IPython's `display`, and of a DataFrame of Spark its first rows."""
    from IPython.display import display

    display(*map(_shown, objects), **options)  # type: ignore[no-untyped-call]  # IPython has no types for it


def install(shell: Any) -> None:
    """Have a kernel make the names; `shell` is its IPython."""
    file = os.environ.get(PARAMETERS)
    parameters = json.loads(Path(file).read_text()) if file else {}
    makers: dict[str, Callable[[], Any]] = {
        "spark": _session,
        "dbutils": lambda: Utilities(parameters),
        "display": lambda: show,
    }

    def make(info: Any) -> None:
        for name in _names(shell.transform_cell(info.raw_cell)) & makers.keys() - shell.user_ns.keys():
            shell.user_ns[name] = makers[name]()

    def sql(line: str, cell: str = "") -> None:
        show((shell.user_ns.get("spark") or _session()).sql(f"{line}\n{cell}"))

    def run(line: str) -> None:
        path = Path(line.strip().strip("\"'"))
        path = path if path.suffix == ".ipynb" else path.with_name(f"{path.name}.ipynb")
        for each in json.loads(path.read_text())["cells"]:
            if each["cell_type"] == "code":
                shell.run_cell("".join(each["source"]), store_history=False).raise_error()

    shell.input_transformers_cleanup.append(_as_ipython)
    shell.events.register("pre_run_cell", make)
    shell.register_magic_function(sql, "line_cell", "sql")
    shell.register_magic_function(run, "line", "run")


def _session() -> Any:
    from databricks.connect import DatabricksSession

    return DatabricksSession.builder.remote(os.environ["SPARK_REMOTE"]).getOrCreate()


def _shown(value: Any) -> Any:
    of_spark = type(value).__module__.startswith("pyspark.sql") and hasattr(value, "toPandas")
    return value.limit(ROWS_SHOWN).toPandas() if of_spark else value


def _as_ipython(lines: list[str]) -> list[str]:
    """The lines of a cell in IPython's spelling. Databricks writes one % before the language of a whole cell."""
    language = lines[0].split()[:1] if lines else []
    if language == ["%sql"] and len(lines) > 1:
        return [f"%{lines[0]}", *lines[1:]]
    if language == ["%python"]:
        return lines[1:]
    return [] if language == ["%md"] else lines


def _names(cell: str) -> set[str]:
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
