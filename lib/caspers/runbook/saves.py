"""When an executed notebook is saved: as it begins and ends, as a code cell begins, and while one prints for long.

Papermill saves it before and after each cell, those of text as well, which is four times as often.
Source of how it takes another engine: https://papermill.readthedocs.io/en/latest/extending-entry-points.html
"""

# mypy: disable-error-code="misc"
# Papermill has no annotations.

from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines


class Saves(NotebookExecutionManager):
    """When an executed notebook is saved."""

    _is_between = False

    def save(self, **changed: Any) -> None:
        """Save the notebook, if it is time."""
        if not self._is_between:
            super().save(**changed)

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **changed: Any) -> None:
        """Note that a cell begins."""
        self._is_between = cell.cell_type != "code"
        super().cell_start(cell, cell_index, **changed)
        self._is_between = False

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **changed: Any) -> None:
        """Note that a cell has ended."""
        self._is_between = True
        super().cell_complete(cell, cell_index, **changed)
        self._is_between = False


class Engine(NBClientEngine):
    """Papermill's engine, with these saves."""

    name = "caspers"

    @classmethod
    def execute_notebook(
        cls, nb: NotebookNode, kernel_name: str, output_path: str | None = None, **options: Any
    ) -> NotebookNode:
        """Execute a notebook and return it; papermill says with what."""
        saves = Saves(nb, output_path, progress_bar=options.pop("progress_bar"))
        saves.notebook_start()
        try:
            cls.execute_managed_notebook(saves, kernel_name, **options)
        finally:
            saves.notebook_complete()
        executed: NotebookNode = saves.nb
        return executed


def use_engine() -> str:
    """Make papermill's engine with these saves known to it, and return its name."""
    papermill_engines.register(Engine.name, Engine)
    return Engine.name
