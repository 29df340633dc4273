"""Cells that begin with `%sql`, `%md`, `%sh`, `%run` or `%fs`, as Databricks has them.

Source: https://docs.databricks.com/aws/en/notebooks/notebooks-code#mix-languages
"""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from IPython.display import Markdown, display

from local_workspace.kernel.context import Context
from local_workspace.kernel.dbutils import Utilities
from local_workspace.kernel.show import show

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class CellError(Exception):
    """A cell's command is not supported by a local workspace, or its target can't be found."""


_WHOLE_CELL = re.compile(r"%(sql|md|sh|scala|r)\b")
# What a semicolon ends no statement in: quoted text and names, and comments; anything else is one character.
_SQL_PART = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<end>;)|.""", re.DOTALL
)
_SETTING = re.compile(r"\$(\w+)=(.*)", re.DOTALL)


def whole_cells(lines: list[str]) -> list[str]:
    """Turn a first line such as `%sql` into `%%sql`, with which IPython applies it to the whole cell."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return lines
    if lines[first].lstrip().startswith("%python"):
        return [*lines[:first], lines[first].lstrip().removeprefix("%python"), *lines[first + 1 :]]
    if not _WHOLE_CELL.match(lines[first].lstrip()):
        return lines
    name, *rest = lines[first].strip().split(maxsplit=1)
    body = [f"{line}\n" for line in rest]
    return [f"%{name}\n", *body, *lines[first + 1 :]]


def statements(cell: str) -> list[str]:
    """The SQL statements of a cell, which are separated by `;`; a script, which begins with BEGIN, is one."""
    if re.match(r"BEGIN\b", cell.lstrip(), re.IGNORECASE):
        return [cell.strip().removesuffix(";")]
    found, is_empty = [""], True
    for part in _SQL_PART.finditer(cell):
        if part["end"]:
            found, is_empty = (found[:-1] if is_empty else found) + [""], True
        else:
            found[-1] += part[0]
            is_empty = is_empty and (part["comment"] is not None or part[0].isspace())
    return [text.strip() for text in (found[:-1] if is_empty else found)]


class Languages:
    """The magic commands of one kernel."""

    def __init__(self, shell: "InteractiveShell", context: Context, dbutils: Utilities) -> None:
        self._shell, self._context, self._dbutils = shell, context, dbutils

    def register(self) -> None:
        """Register the commands with the kernel."""
        register = cast("Callable[..., None]", self._shell.register_magic_function)  # IPython types it as a decorator
        for name, command in (("sql", self._sql), ("md", self._markdown), ("sh", self._shell_script)):
            register(command, "cell", name)
        for name in ("scala", "r"):
            register(_refusal(name), "cell", name)
        for name, line in (("run", self._run), ("fs", self._files)):
            register(line, "line", name)
        self._shell.input_transformers_cleanup.insert(0, whole_cells)

    def _sql(self, _line: str, cell: str) -> None:
        """Run SQL statements, show the rows of the last, and keep them as `_sqldf`; `:name` is a widget's value."""
        texts = statements(cell)
        for number, text in enumerate(texts, 1):
            with self._limits(text) as answer:
                frame = self._queried(text) if answer is None else answer
                if number == len(texts):
                    self._shell.user_ns["_sqldf"] = frame
                    show(frame)

    def _queried(self, text: str) -> object:
        """The rows of a statement."""
        spark = self._shell.user_ns["spark"]
        return spark.sql(text, args=self._dbutils.widgets.getAll()) if ":" in text else spark.sql(text)

    @contextmanager
    def _limits(self, text: str) -> Iterator[object]:
        """Allow a statement within the block what its compute allows; yields the answer of a warehouse's SET."""
        if not self._context.on_warehouse:
            yield None
            return
        # Imported here: only a notebook on a warehouse certainly has the packages that they need.
        from local_workspace.engines.sql.configuration import configured, time_limit
        from local_workspace.engines.sql.words import refusal

        if reason := refusal(text):
            raise CellError(reason)
        spark = self._shell.user_ns["spark"]
        with time_limit(spark):
            yield configured(spark, text)

    def _markdown(self, _line: str, cell: str) -> None:
        display(Markdown(cell))

    def _shell_script(self, _line: str, cell: str) -> None:
        self._shell.run_cell_magic("bash", "", cell)

    def _run(self, line: str) -> None:
        """`%run ./other $name="value"`: run another notebook's cells here, in this namespace."""
        path, *settings = shlex.split(line) or [""]
        try:
            found = self._context.find(path)
        except FileNotFoundError as error:
            raise CellError(f"%run: {error}") from None
        for setting in settings:
            match = _SETTING.fullmatch(setting)
            if match is None:
                raise CellError(f'%run: {setting!r} is no parameter; write $name="value".')
            self._dbutils.widgets.receive(match[1], match[2])
        import nbformat  # half of this extension's import, and few notebooks run others

        for cell in nbformat.read(found, 4).cells:
            if cell.cell_type == "code":
                self._shell.run_cell(cell.source).raise_error()

    def _files(self, line: str) -> object:
        """`%fs ls /Volumes/…`: a command of dbutils.fs."""
        command, *arguments = shlex.split(line) or [""]
        method = getattr(self._dbutils.fs, command, None)
        if method is None:
            raise CellError(f"%fs {command}: dbutils.fs has no such command.")
        found: object = method(*arguments)
        return found


def _refusal(name: str) -> Callable[[str, str], None]:
    def refuse(_line: str, _cell: str) -> None:
        raise CellError(f"%{name}: a local workspace runs Python, SQL, shell and Markdown cells.")

    return refuse
