"""A Python file or an entry point of a package, run as a task: `python -m local_workspace.workers.python_task`."""

import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

from local_workspace.kernel import runtime_names, volume_paths
from local_workspace.kernel.context import VARIABLE
from local_workspace.runtime.home import write_atomically

if TYPE_CHECKING:  # the engine is slow to import, and this process needs only its type
    from local_workspace.engines.jobs.run_documents import Outcome


def run_file(file: Path) -> None:
    """Run a Python file as `__main__`, with the names that Databricks defines in one, such as `dbutils`."""
    sys.path.insert(0, str(file.parent))
    names = runtime_names.of_this_process()
    # Whatever its encoding, which Python reads in its first lines: the names that are looked for are ASCII.
    source = file.read_text(encoding="utf-8-sig", errors="replace")
    runpy.run_path(str(file), {name: names[name] for name in names.needed_by(source)}, "__main__")


def run_entry_point(package: str, name: str) -> None:
    """Call an entry point of an installed package; without one of that name the package's function `name`.

    Raises ImportError if the package is not installed.
    """
    runtime_names.of_this_process()
    _entry_point(package, name)()


def _entry_point(package: str, name: str) -> Callable[[], object]:
    try:
        declared = metadata.distribution(package).entry_points
    except metadata.PackageNotFoundError:
        raise ImportError(
            f"Python wheel with name {package} could not be found. Put it into the dependencies of the task's "
            "environment, or into its libraries."
        ) from None
    for entry_point in declared:
        if entry_point.name == name:
            return cast("Callable[[], object]", entry_point.load())
    return cast("Callable[[], object]", getattr(import_module(package.replace("-", "_")), name))


def outcome_of(work: Callable[[], None]) -> "Outcome":
    """Do `work`; returns an empty outcome, or its error, which is printed as Python prints it."""
    try:
        work()
    except SystemExit as error:
        if error.code in (None, 0):
            return {}
        return _failure(error)
    except BaseException as error:  # a process's boundary: any error is the task's outcome
        return _failure(error)
    return {}


def _failure(error: BaseException) -> "Outcome":
    trace = "".join(traceback.format_exception(type(error), error, _of_the_task(error.__traceback__)))
    print(trace, end="", file=sys.stderr)
    return {"error": f"{type(error).__name__}: {error}", "error_trace": trace}


def _of_the_task(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not of this file, nor of Python's own machinery for running files."""
    ours = (__file__, "<frozen runpy>")
    while trace and trace.tb_next and trace.tb_frame.f_code.co_filename in ours:
        trace = trace.tb_next
    return trace


def main() -> None:
    """CONTEXT RESULT file PATH …, or CONTEXT RESULT wheel PACKAGE:ENTRY_POINT …: run it with the other arguments."""
    volume_paths.install()
    context, result, kind, target, *arguments = sys.argv[1:]
    os.environ[VARIABLE] = context
    package, _, name = target.rpartition(":")
    sys.argv = [target if kind == "file" else name, *arguments]
    outcome = outcome_of(lambda: run_file(Path(target)) if kind == "file" else run_entry_point(package, name))
    write_atomically(Path(result), json.dumps(outcome))
    sys.stdout.flush()
    sys.exit("error" in outcome)


if __name__ == "__main__":
    main()
