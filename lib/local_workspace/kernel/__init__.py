"""What Databricks gives to every notebook: `dbutils`, `spark`, `display`, and cells in other languages.

An IPython extension, which `ipython_config.py` of this Python environment loads into every kernel: those of tasks, of
JupyterLab and of nbval. `Context` says which task the kernel runs, if it runs one.
"""

from typing import TYPE_CHECKING

from local_workspace.kernel.context import Context

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Context"]


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Called by IPython: define the names in the notebook's namespace and register the magic commands."""
    from local_workspace.kernel.namespace import prepare

    prepare(shell, Context.of_this_process())
