"""Tasks that run in a process of their own: notebooks, Python files and wheels, each in its Python environment."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from local_workspace.engines.jobs import environment_versions
from local_workspace.engines.jobs.libraries import of_library
from local_workspace.engines.jobs.python_checks import CLUSTER, version_of
from local_workspace.engines.jobs.run_documents import Outcome, Run, TaskRun
from local_workspace.engines.jobs.run_files import RunFiles
from local_workspace.engines.workspace import WorkspaceFiles
from local_workspace.kernel import Context
from local_workspace.kernel.command import notebook_command
from local_workspace.runtime import environment
from local_workspace.runtime.cancellation import Cancellation
from local_workspace.runtime.dependencies import Dependencies, Locate
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.home import Home
from local_workspace.runtime.layered_environments import Environments, Report
from local_workspace.runtime.log_files import end_of
from local_workspace.runtime.processes import Child, Processes

# The notebook's own environment is that of a serverless task without another.
_OWN_PACKAGES = ("environment_key", *CLUSTER)
MAX_LOGS = 5_000_000  # bytes: Databricks returns the last 5 MB
SHOWN_LOG = 20_000  # bytes of the log of a process that runs

SparkVariables = Callable[[], AbstractContextManager[dict[str, str]]]


@dataclass(frozen=True)
class ProcessTasks:
    """Runs these tasks. `variables` returns those by which clients find this workspace.

    `in_volumes` finds the local path of a volume path. `spark` is entered for as long as a task runs, for the
    variables by which it finds Spark.
    """

    home: Home
    processes: Processes
    files: WorkspaceFiles
    variables: Callable[[], dict[str, str]]
    in_volumes: Locate
    spark: SparkVariables

    def run(self, run: Run, task: TaskRun, cancellation: Cancellation, report: Report) -> Outcome:
        """Install what the task needs, and run it. Raises InstallationError; ApiError for a missing file."""
        source = self._source(task)
        given, dependencies = self._packages(run, task)
        python = self._environments.python(dependencies, report, cancellation, given)
        if cancellation.reason:
            return {}
        report("")
        with self.spark() as of_spark:
            child = self.processes.spawn(
                _name(task),
                self._command(run, task, source, python),
                env={**self.variables(), **of_spark, "PATH": _path(python), "PYTHONUNBUFFERED": "1"},
                # the working directory of a Python file is its own folder, as on Databricks
                cwd=source.parent if source and "spark_python_task" in task else self._run_files.folder(run),
            )
            with cancellation.calling(child.terminate):
                code = child.wait()
        try:
            return self._outcome(run, task, child, code)
        finally:
            child.terminate()  # it has ended; this removes its pid file
            child.log.unlink(missing_ok=True)

    def log(self, task: TaskRun) -> str:
        """The last part of what the process of a task has printed; empty unless it runs."""
        return end_of(self.home.logs / f"{_name(task)}.log", SHOWN_LOG)

    @property
    def _environments(self) -> Environments:
        return Environments(self.home.root / "environments")

    @property
    def _run_files(self) -> RunFiles:
        return RunFiles(self.home)

    def _source(self, task: TaskRun) -> Path | None:
        """The notebook or Python file that a task runs. Raises ApiError 404; 400 if it is something else."""
        if notebook := task.get("notebook_task"):
            return self.files.resolve(notebook["notebook_path"])
        return self._python_file(task["spark_python_task"]["python_file"]) if "spark_python_task" in task else None

    def _command(self, run: Run, task: TaskRun, source: Path | None, python: Path) -> Sequence[str]:
        """What runs the task, whose file is `source`, with `python`."""
        context, result = (self._run_files.file(run, task, suffix) for suffix in (".context.json", ".result.json"))
        notebook = task.get("notebook_task")
        parameters: Mapping[str, object] = notebook.get("base_parameters", {}) if notebook else {}
        Context(
            parameters={name: str(value) for name, value in parameters.items()},
            notebook=str(source) if notebook else "",
            workspace=str(self.home.workspace_files),
            task_key=task["task_key"],
            task_values=str(self._run_files.values_folder(run)),
            python=sys.executable,
            on_warehouse=bool(notebook and "warehouse_id" in notebook),
        ).write(context)
        if source and notebook:
            output = self._run_files.file(run, task, ".ipynb")
            return [sys.executable, *notebook_command(source, output, context, result, python)]
        # -P: a file in the task's folder may be named like a module of ours
        return [
            str(python),
            "-P",
            "-m",
            "local_workspace.workers.python_task",
            str(context),
            str(result),
            *_program(task, source),
        ]

    def _python_file(self, path: str) -> Path:
        found = self.locate(path)
        if found.suffix == ".ipynb":
            raise invalid(f"{path!r} is a notebook; run it with a notebook_task.")
        if not found.is_file():
            raise invalid(f"{path!r} is not a file.")
        return found

    def _packages(self, run: Run, task: TaskRun) -> tuple[frozenset[str] | None, Dependencies]:
        """The packages that a task has from its environment's version, None for all, and what it asks for besides."""
        found, version = Dependencies(self.locate), None
        if "warehouse_id" in task.get("notebook_task", {}):
            return None, found  # SQL needs none
        for each in run.get("environments", []):
            if each["environment_key"] == task.get("environment_key"):
                spec = each.get("spec", {})
                version = version_of(spec)
                found.add(spec.get("dependencies", []))
        if (notebook := task.get("notebook_task")) and not any(name in task for name in _OWN_PACKAGES):
            path = notebook["notebook_path"]
            version = self.files.environment_version(path)
            found.add(self.files.requirements(path), self.files.resolve(path).parent)
        for library in task.get("libraries", []):
            found.add(of_library(library))
        return environment_versions.packages(version) if version else None, found

    def locate(self, path: str) -> Path:
        """The local path of a workspace or volume path. Raises ApiError 404; 400 for another file system."""
        path = path.removeprefix("dbfs:") if path.startswith("dbfs:/Volumes/") else path
        if path.startswith("/Volumes/"):
            return self.in_volumes(path)
        if not path.startswith("/"):
            raise invalid(f"{path!r} is not a path in the workspace or a volume; a local workspace has no other files.")
        return self.files.resolve(path)

    def _outcome(self, run: Run, task: TaskRun, child: Child, code: int) -> Outcome:
        kind = "notebook" if "notebook_task" in task else "task"
        outcome = self._run_files.outcome(run, task)
        if not outcome and (code or kind == "notebook"):
            error = f"The {kind}'s process ended with code {code}: {child.log_tail(1)}"
            outcome = {"error": error, "error_trace": child.log_tail()}
        if kind == "task":
            outcome["logs"] = end_of(child.log, MAX_LOGS)
            outcome["logs_truncated"] = child.log.stat().st_size > MAX_LOGS
        return outcome


def _name(task: TaskRun) -> str:
    """The name of a task's process."""
    return f"run-{task['run_id']}"


def _path(python: Path) -> str:
    """The PATH on which the environment's programs come first."""
    return os.pathsep.join([str(python.parent), environment.of_child()["PATH"]])


def _program(task: TaskRun, file: Path | None) -> Sequence[str]:
    """What the worker runs, with its command line."""
    if file:
        return ["file", str(file), *task["spark_python_task"].get("parameters", [])]
    wheel = task["python_wheel_task"]
    named = [f"--{name}={value}" for name, value in wheel.get("named_parameters", {}).items()]
    return ["wheel", f"{wheel['package_name']}:{wheel['entry_point']}", *wheel.get("parameters", []), *named]
