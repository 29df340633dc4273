"""`dbutils`: widgets, notebooks, values of tasks, files and secrets.

Source: https://docs.databricks.com/aws/en/dev-tools/databricks-utils
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_workspace.kernel import session
from local_workspace.kernel.command import notebook_command
from local_workspace.kernel.context import Context
from local_workspace.kernel.widgets import Widgets
from local_workspace.runtime import environment
from local_workspace.runtime.home import write_atomically

if TYPE_CHECKING:
    from databricks.sdk.dbutils import RemoteDbUtils

TASK_VALUE_BYTES = 48 * 1024  # Databricks' limit for the JSON of one value


Restart = Callable[[], None]


class NotebookExit(Exception):  # noqa: N818  an end, not an error
    """Raised by dbutils.notebook.exit; the kernel ends the notebook with it."""


def _no_notebook() -> None:
    raise RuntimeError("dbutils.library.restartPython works in notebooks only: name the packages in the environment.")


class Library:
    """`dbutils.library`."""

    def __init__(self, restart: Restart) -> None:
        self._restart = restart

    def restartPython(self) -> None:  # noqa: N802  Databricks' name
        """Let Python see the packages that `%pip install` has installed; the notebook's own names are forgotten."""
        self._restart()


class Utilities:
    """The object `dbutils` of a notebook; `restart` forgets the notebook's names."""

    def __init__(self, context: Context, restart: Restart = _no_notebook) -> None:
        self.widgets = Widgets(dict(context.parameters))
        self.library = Library(restart)
        self.notebook = Notebooks(context)
        self.jobs = Jobs(TaskValues(context))

    def __getattr__(self, name: str) -> object:
        """Refuse what else `dbutils` has on Databricks, such as `credentials` and `data`."""
        raise AttributeError(
            f"dbutils.{name}: a local workspace has dbutils.fs, jobs, library, notebook, secrets and widgets."
        )

    @property
    def fs(self) -> Any:
        """Files in volumes, through the Databricks SDK."""
        return self._remote.fs

    @property
    def secrets(self) -> Any:
        """Secrets, through the Databricks SDK."""
        return self._remote.secrets

    @cached_property
    def _remote(self) -> "RemoteDbUtils":
        if not session.has_workspace():
            raise session.NoWorkspace
        from databricks.sdk.dbutils import RemoteDbUtils

        return RemoteDbUtils()


class Notebooks:
    """`dbutils.notebook`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __getattr__(self, name: str) -> object:
        """Refuse what else `dbutils.notebook` has on Databricks, such as `entry_point`, with a way out."""
        raise AttributeError(
            f"dbutils.notebook.{name}: a local workspace has dbutils.notebook.run and exit. What a notebook needs to "
            "know of its job is passed as a parameter, such as {{job.run_id}} or {{task.notebook_path}}."
        )

    def exit(self, value: object = "") -> None:
        """End the notebook with success; `value`, as text, is its result."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int = 0, arguments: dict[str, str] | None = None) -> str:
        """Run another notebook in a process of its own and return the value that it passes to `exit`.

        Raises FileNotFoundError, TimeoutError after `timeout_seconds` (0: no limit), RuntimeError if it fails;
        TypeError or ValueError for arguments that Databricks does not take, which are texts in ASCII
        (https://docs.databricks.com/aws/en/notebooks/notebook-workflows).
        """
        source = self._context.find(path)
        _check_arguments(arguments or {})
        with tempfile.TemporaryDirectory(prefix="notebook-") as name:
            folder = Path(name)
            task, result = folder / "context.json", folder / "result.json"
            self._context.write(task, notebook=str(source), parameters=arguments or {})
            command = notebook_command(source, folder / "output.ipynb", task, result, Path(sys.executable))
            runner = self._context.python or sys.executable
            try:
                subprocess.run(
                    [runner, *command],
                    check=False,
                    timeout=timeout_seconds or None,
                    env=environment.of_child(os.environ),
                )
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"Notebook {path} did not end within {timeout_seconds} s.") from None
            outcome = json.loads(result.read_text()) if result.exists() else {"error": "its process ended early"}
        if "error" in outcome:
            raise RuntimeError(f"Notebook {path} failed: {outcome['error']}")
        return str(outcome["result"])


def _check_arguments(arguments: dict[str, str]) -> None:
    for name, value in arguments.items():
        if not isinstance(value, str):
            kind = type(value).__name__
            raise TypeError(f"dbutils.notebook.run: the argument {name!r} must be a text, not {kind}: use str().")
        if not f"{name}{value}".isascii():
            raise ValueError(f"dbutils.notebook.run: the argument {name!r} may have ASCII characters only.")


class TaskValues:
    """`dbutils.jobs.taskValues`: values that a task stores for later tasks of its run."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def set(self, key: str, value: object) -> None:
        """Store a value. Raises TypeError or ValueError if it is not JSON, or longer than 48 KiB as JSON."""
        text = json.dumps(value, allow_nan=False)
        if len(text.encode()) > TASK_VALUE_BYTES:
            raise ValueError(f"The task value {key!r} is longer than 48 KiB as JSON. Write it to a table or volume.")
        if self._context.task_values:
            own = self._file(self._context.task_key)
            own.parent.mkdir(exist_ok=True)
            write_atomically(own, json.dumps(self._read(self._context.task_key) | {key: value}))

    def get(self, taskKey: str, key: str, default: object = None, debugValue: object = None) -> object:  # noqa: N803
        """The value that a task has stored, or else `default`. Outside of a job it is `debugValue`.

        Raises TypeError outside of a job without a debugValue, ValueError if there is no value and no default.
        """
        if not self._context.task_values:
            if debugValue is None:
                raise TypeError("Outside of a job taskValues.get needs a debugValue.")
            return debugValue
        found = self._read(taskKey).get(key, default)
        if found is None:
            raise ValueError(f"Task {taskKey!r} has left no value {key!r}. Set it there, or pass a default.")
        return found

    def _read(self, task_key: str) -> dict[str, object]:
        file = self._file(task_key)
        found: dict[str, object] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def _file(self, task_key: str) -> Path:
        return Path(self._context.task_values, f"{task_key}.json")


class Jobs:
    """`dbutils.jobs`."""

    def __init__(self, values: TaskValues) -> None:
        self.taskValues = values
