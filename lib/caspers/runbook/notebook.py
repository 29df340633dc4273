"""Executes one notebook with papermill, and reports the cell and the error at which it failed."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from caspers.parameters import Value
from caspers.runbook.kernels import Kernels
from caspers.runbook.saves import use_engine

KERNEL_START_SECONDS = 120
SOLUTION = "solution"  # the tag of cells that solve an exercise: for readers, not for a run

# What papermill and nbclient log about a failure is also in the exception that they raise.
logging.getLogger("papermill").setLevel(logging.CRITICAL)


class Stopped(Exception):
    """The run is being stopped, so the next cell doesn't start."""


@dataclass
class NotebookFailed(Exception):
    """A notebook stopped: the error's name and text, the source of its cell, and the cell's place (0: none ran)."""

    ename: str
    evalue: str
    source: str
    cell: int


@dataclass
class _Place:
    """The progress of an execution: the running code cell, counted from 1, and the number of code cells."""

    kernels: Kernels
    report: Callable[[int, int], None]
    cell: int = 0
    cells: int = 0
    source: str = ""

    def notebook_started(self, notebook: NotebookNode) -> None:
        self.cells = sum(cell.cell_type == "code" for cell in notebook.cells)

    def cell_started(self, cell: NotebookNode, **_: int) -> None:
        if self.kernels.closing.is_set():
            raise Stopped("the run is being stopped")
        if cell.cell_type == "code":
            self.cell, self.source = self.cell + 1, cell.source
            self.report(self.cell, self.cells)


def declared_parameters(notebook: Path) -> list[str]:
    """The names that the notebook's `parameters` cell sets; none without such a cell.

    Raises FileNotFoundError if the notebook does not exist, ValueError if it is not a notebook.
    """
    if not notebook.is_file():
        raise FileNotFoundError(f"The notebook {notebook} is missing.")
    try:
        return list(papermill.inspect_notebook(notebook))
    except Exception as error:  # a damaged file makes nbformat, json or papermill raise, each its own
        raise ValueError(f"{notebook} is not a notebook: {error}") from error


def execute(
    notebook: Path, output: Path, values: Mapping[str, Value], kernels: Kernels, report: Callable[[int, int], None]
) -> None:
    """Run `notebook` in its own folder with the parameters `values`; `report(cell, cells)` at each code cell.

    Cells tagged `solution` are left out. `output` is saved at each code cell, so it shows how far a failed or
    killed one came. A kernel that dies before the first cell is started once more. Raises NotebookFailed.
    """
    for first in (True, False):
        place = _Place(kernels, report)
        try:
            _execute(notebook, output, values, place)
            return
        except PapermillExecutionError as error:
            raise NotebookFailed(error.ename, error.evalue, error.source, place.cell) from error
        except Exception as error:
            died_at_start = isinstance(error, RuntimeError) and place.cell == 0 and not kernels.closing.is_set()
            if not (died_at_start and first):
                raise NotebookFailed(type(error).__name__, str(error), place.source, place.cell) from error


def _execute(notebook: Path, output: Path, values: Mapping[str, Value], place: _Place) -> None:
    # The kernel's folder is set through `resources`: papermill's own `cwd` moves the whole process, all threads.
    papermill.execute_notebook(
        _without_solutions(notebook),
        output,
        engine_name=use_engine(),
        parameters=dict(values),
        progress_bar=False,
        start_timeout=KERNEL_START_SECONDS,
        resources={"metadata": {"path": str(notebook.parent)}},
        kernel_manager_class=place.kernels.manager_class,
        on_notebook_start=place.notebook_started,
        on_cell_start=place.cell_started,
    )


def _without_solutions(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(path, nbformat.NO_CONVERT)
    notebook.cells = [cell for cell in notebook.cells if SOLUTION not in cell.metadata.get("tags", [])]
    return notebook
