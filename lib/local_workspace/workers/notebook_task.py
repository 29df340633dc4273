"""One notebook task of a job, run in a process of its own: `python -m local_workspace.workers.notebook_task`.

Each task has its own process because papermill changes the working directory of the whole process, because
ending the process ends the task in any state, and because its end frees the memory. The cost is papermill's
import, about a second of CPU with `_skip_unused_imports`.
"""

import json
import os
import re
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from local_workspace.kernel import provisioner
from local_workspace.kernel.context import EXIT_TYPE, VARIABLE
from local_workspace.kernel.dbutils import NotebookExit
from local_workspace.runtime import sockets
from local_workspace.runtime.home import write_atomically

if TYPE_CHECKING:  # the engine is slow to import, and this process needs only its type
    from local_workspace.engines.jobs.run_documents import Outcome

MAX_RESULT = 5_000_000
_EXTENSION = "--IPKernelApp.extra_extensions=local_workspace.kernel"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def run_notebook(source: Path, output: Path, python: Path) -> "Outcome":
    """Execute the notebook `source` in its own folder and save it to `output` after every cell.

    Its kernel runs `python`, and knows of its parameters, which are widgets. Returns `result` with `truncated`, or
    `error` with `error_trace`.
    """
    _skip_unused_imports()
    import papermill

    outcome: Outcome = {}
    try:
        notebook = _execute(source, output, python)
    except papermill.PapermillExecutionError as error:
        trace = _COLOURS.sub("", "\n".join(error.traceback))
        return outcome | {"error": f"{error.ename}: {error.evalue}", "error_trace": trace}
    except Exception as error:  # a process's boundary: any error is the task's outcome
        return outcome | {"error": f"{type(error).__name__}: {error}", "error_trace": ""}
    text = result_of(notebook)
    return outcome | {"result": text[:MAX_RESULT], "truncated": len(text) > MAX_RESULT}


def result_of(notebook: dict[str, Any]) -> str:
    """The value passed to dbutils.notebook.exit, or else the text of the last code cell's last output."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for output in (output for cell in cells for output in cell["outputs"]):
        if EXIT_TYPE in output.get("data", {}):
            return str(output["data"][EXIT_TYPE])
    outputs = cells[-1]["outputs"] if cells else []
    if not outputs:
        return ""
    last = outputs[-1]
    return "".join(last.get("text") or last.get("data", {}).get("text/plain", ""))


def _execute(source: Path, output: Path, python: Path) -> dict[str, Any]:
    import papermill
    from jupyter_client.provisioning.factory import KernelProvisionerFactory
    from traitlets.config import Config

    # nbclient's kernel managers have no parent, from which the factory, made by the first of them, had its settings.
    KernelProvisionerFactory.instance(default_provisioner_name=provisioner.NAME)
    # Unix sockets, because kernels that start at the same time would compete for ports.
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=sockets.temporary_parent()) as folder:
        manager = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
        client = {"extra_arguments": [_EXTENSION], "allow_error_names": [NotebookExit.__name__]}
        executed: dict[str, Any] = papermill.execute_notebook(
            _literal(source),
            _literal(output),
            cwd=source.parent,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            config=Config(
                KernelManager=manager,
                NotebookClient=client,
                PreparedProvisioner={"executable": str(python)},
            ),
        )
    return executed


def _literal(path: Path) -> str:
    """A path for papermill, which takes `{x}` in one for the value of a parameter."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _skip_unused_imports() -> None:
    """Skip the URL grammars and cloud file systems: half of papermill's import, and unused for notebooks on disk."""
    for module in ("rfc3987_syntax", "pyarrow.fs"):
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # importing it raises ImportError, which papermill handles


def _end_kernel(*_: object) -> None:
    """Kill the kernel, after which papermill saves the notebook; without a kernel, exit at once."""
    children = psutil.Process().children(recursive=True)
    kernels = [child for child in children if child.pid != provisioner.python.pid]
    for kernel in kernels:
        kernel.kill()
    if not kernels:
        os._exit(128 + signal.SIGTERM)


def main() -> None:
    """INPUT OUTPUT CONTEXT RESULT PYTHON: run INPUT with PYTHON as the task in CONTEXT, write the outcome to RESULT."""
    provisioner.python.fork_here()  # first, while this process has no threads
    source, output, context, result, python = map(Path, sys.argv[1:])
    os.environ[VARIABLE] = str(context)  # for the kernel

    def work() -> None:
        outcome = run_notebook(source, output, python)
        write_atomically(result, json.dumps(outcome))

    # In a thread, because on the main thread nbclient answers SIGTERM with a slow shutdown of a busy kernel.
    signal.signal(signal.SIGTERM, _end_kernel)
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    sys.exit(not result.exists())


if __name__ == "__main__":
    main()
