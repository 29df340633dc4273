"""Python processes that start at once: they are forks of one that has imported what they need.

A Python that imports a notebook's usual packages takes seconds of processor time and some 300 MB; a fork of a prepared
one takes hundredths of a second, and shares those pages. There is no fork where forks are not safe, and where the
prepared process has failed; one for an environment that replaces a package that is imported becomes a new Python.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from local_workspace.runtime import environment, fork_server, layered_environments
from local_workspace.runtime.fork_server import MESSAGE_BYTES, Report, Request

# What notebooks import most. Not polars: its threads would be missing in a fork.
OF_NOTEBOOKS = (
    *("ipykernel.kernelapp", "IPython", "matplotlib.pyplot", "pandas", "numpy"),
    *("databricks.connect", "databricks.sdk", "mlflow", "mlflow.genai", "openai", "pydantic", "psycopg"),
    "local_workspace.kernel.namespace",
)
# The programs of a workspace that start as forks, and what they import besides.
OF_WORKSPACE = ("local_workspace.workers.notebook_task", "local_workspace.workers.model_server")
_FOR_WORKSPACE = (*OF_NOTEBOOKS, "papermill", "mlflow.pyfunc", "fastapi", "uvicorn", *OF_WORKSPACE)
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true"}  # MLflow asks when it is imported
SUPPORTED = sys.platform == "linux"  # macOS' own libraries don't survive a fork
_KILLED = -signal.SIGKILL
# What a process, or a package when it is imported, reads from its environment; of PYTHONUNBUFFERED see the next line.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "OPENBLAS_", "OMP_", "MALLOC_", "SPARK_CONNECT_LOG_LEVEL")
# The server's own: output that is not held back, and what kernels draw with.
_OF_SERVER = {"PYTHONUNBUFFERED": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}

_log = logging.getLogger(__name__)


class ForkedProcess:
    """A fork of a prepared process; it has the methods of subprocess.Popen, and none of its pipes."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired."""
        if not self._ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Send it SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send it SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def end(self, code: int) -> None:
        """Note that it has ended with this code."""
        self.returncode = code
        self._ended.set()


@dataclass
class _Server:
    """A prepared process with its socket, functions that end it and wait for its end, and its running children."""

    pid: int
    control: socket.socket
    kill: Callable[[], object]
    wait: Callable[[], object]
    running: dict[int, ForkedProcess] = field(default_factory=dict)
    started: SimpleQueue[ForkedProcess | None] = field(default_factory=SimpleQueue)  # None: the server has ended

    def fork(self, request: Request, stdout: int, stderr: int, stdin: int | None) -> ForkedProcess:
        """Start a child. Raises OSError if the server has ended."""
        with ExitStack() as stack:
            file = stack.enter_context(os.fdopen(os.memfd_create("request"), "wb"))
            file.write(json.dumps(request).encode())
            file.flush()
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            nothing = stack.enter_context(Path(os.devnull).open("rb"))
            given = nothing.fileno() if stdin is None else stdin
            socket.send_fds(self.control, [b"fork"], [file.fileno(), given, stdout, stderr])
        process = self.started.get()
        if process is None:
            raise ConnectionResetError("the prepared Python has ended")
        return process

    def receive(self) -> None:
        """Take the server's reports until it ends, and then end its children: nobody else would see them end."""
        while message := self._message():
            report: Report = json.loads(message)
            pid = report["pid"]
            if "code" in report:
                self.running.pop(pid).end(report["code"])
            else:
                self.running[pid] = ForkedProcess(pid)
                self.started.put(self.running[pid])
        for process in self.running.values():
            process.kill()
            process.end(_KILLED)
        self.started.put(None)
        self.wait()

    def _message(self) -> bytes:
        with suppress(ConnectionResetError):
            return self.control.recv(MESSAGE_BYTES)
        return b""


class PreparedPython:
    """Forks for the Python `programs`, which are modules; they find `modules` imported. Safe for threads.

    `env` is the whole environment of the prepared process, this process's own unless given.
    """

    def __init__(
        self, programs: Collection[str], modules: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        self._programs, self._modules, self._env = programs, modules, env
        self._server: _Server | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Start the prepared process, unless there is one: the first fork then finds the imports done."""
        with self._lock:
            try:
                self._serving()
            except OSError as error:
                _log.warning("Python is not prepared: %s", error)

    def fork(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path | str,
        stdout: int = 1,
        stderr: int = 2,
        stdin: int | None = None,
    ) -> ForkedProcess | None:
        """Start a command in a session of its own; None if it is to be started as usual.

        `env` is its whole environment, `stdout`, `stderr` and `stdin` are file descriptors; without the last its input
        is empty. PARENT in an argument becomes the id of its parent.
        """
        if not (self._runs(argv) and self._suits(env)):
            return None
        with self._lock:
            try:
                if server := self._serving():
                    return server.fork({"argv": list(argv), "cwd": str(cwd), "env": dict(env)}, stdout, stderr, stdin)
            except OSError as error:
                _log.warning("starting %s without preparation: %s", argv, error)
                self._server = None
        return None

    @property
    def pid(self) -> int | None:
        """The id of the prepared process, None unless there is one."""
        return self._server.pid if self._server else None

    def close(self) -> None:
        """End the prepared process, and with it what it has started."""
        with self._lock:
            if self._server:
                with suppress(ProcessLookupError):
                    self._server.kill()  # it may still be importing
                self._server.control.shutdown(socket.SHUT_RDWR)
                self._server = None

    def fork_here(self) -> None:
        """Prepare a fork of this very process, which must have no threads: what it has imported, its children have."""
        if not SUPPORTED:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            ours.close()
            fork_server.run(theirs)
            sys.exit()
        theirs.close()
        self._attend(_Server(pid, ours, partial(os.kill, pid, signal.SIGKILL), partial(os.waitpid, pid, 0)))

    def _runs(self, argv: Sequence[str]) -> bool:
        """Whether this command runs one of the programs, in this Python's environment or one over it."""
        ours = argv[0] == sys.executable or layered_environments.layer_of(Path(argv[0])) is not None
        return ours and argv[1] == "-m" and argv[2] in self._programs

    def _suits(self, env: Mapping[str, str]) -> bool:
        """Whether a process with the environment `env` would start like the prepared one."""
        return _read_at_start(env) == _read_at_start(self._of_server())

    def _of_server(self) -> Mapping[str, str]:
        return os.environ if self._env is None else self._env

    def _serving(self) -> _Server | None:
        if self._server is None and SUPPORTED:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                module = fork_server.__name__
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", module, str(theirs.fileno()), *self._modules],
                    env={**self._of_server(), **_OF_SERVER},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._attend(_Server(process.pid, ours, process.kill, process.wait))
        return self._server

    def _attend(self, server: _Server) -> None:
        self._server = server
        threading.Thread(target=server.receive, name="prepared-python", daemon=True).start()


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_START) and name not in _OF_SERVER}


def of_workspace() -> PreparedPython:
    """The prepared Python of a workspace's service."""
    return PreparedPython(OF_WORKSPACE, _FOR_WORKSPACE, environment.of_child(_QUIET))
