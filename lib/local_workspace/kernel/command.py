"""The command line that runs a notebook."""

from pathlib import Path


def notebook_command(source: Path, output: Path, context: Path, result: Path, python: Path) -> list[str]:
    """The arguments for the workspace's Python that run the notebook `source` as the task in `context`.

    The executed notebook is written to `output`, the outcome as JSON to `result`; the kernel runs `python`.
    """
    return ["-m", "local_workspace.workers.notebook_task", *map(str, (source, output, context, result, python))]
