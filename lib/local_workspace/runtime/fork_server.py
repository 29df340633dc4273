"""A process that has imported much already and forks: each child runs a module, as `python -m` does.

`prepared_python` starts it: python -m local_workspace.runtime.fork_server SOCKET MODULE…, where SOCKET is the number of
an inherited socket, and each MODULE is imported first. Each request and each report is one message on the socket.
The server ends when the other end of the socket is closed.
"""

import gc
import importlib
import json
import logging
import os
import runpy
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Collection
from pathlib import Path
from types import FrameType
from typing import TypedDict

from setproctitle import getproctitle, setproctitle

from local_workspace.runtime import layered_environments

MESSAGE_BYTES = 4096
PARENT = "{parent}"  # in an argument: the id of the process's parent
_STREAMS = 3  # standard input, output and error
_SILENT = logging.CRITICAL + 1

_log = logging.getLogger(__name__)


class Request(TypedDict):
    """A command, `python -m MODULE …`, the folder to run it in, and its whole environment."""

    argv: list[str]
    cwd: str
    env: dict[str, str]


class Report(TypedDict, total=False):
    """A child that was started, or that has ended with a code, negative if a signal ended it."""

    pid: int
    code: int


def main() -> None:
    """Import the modules that the command line names, and serve. Returns at the end of the server or of a child."""
    # The threads are those of numpy's and pyarrow's libraries, which have handlers for a fork.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    control = socket.socket(fileno=int(sys.argv[1]))
    with warnings.catch_warnings(action="ignore"):  # which are for those who import
        for name in sys.argv[2:]:
            try:
                importlib.import_module(name)
            except ImportError:
                _log.exception("%s can't be imported in advance", name)
    run(control)


def run(control: socket.socket) -> None:
    """Serve the requests that arrive on `control`; in a child, run what its request asks for. Returns at the end."""
    getproctitle()  # it finds where the title stands only while the environment is the first one
    gc.collect()
    gc.freeze()  # a collection would write to the pages that the children share
    module = _serve(control)
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def _serve(control: socket.socket) -> str | None:
    """Fork for each request. Returns the module to run in the child, None in the server once the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the owner decides
    signal.signal(signal.SIGCHLD, _wake)
    ended, wake = os.pipe()
    for end in (ended, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([control.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, MESSAGE_BYTES)
            _report_ended(control)
        if control.fileno() in ready:
            _, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 1 + _STREAMS)
            if not descriptors:
                return None
            child = os.fork()
            if child == 0:
                return _become(descriptors, (control.detach(), ended, wake))
            for descriptor in descriptors:
                os.close(descriptor)
            _send(control, {"pid": child})


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Handle the end of a child by nothing: that there is a handler wakes `select`."""


def _report_ended(control: socket.socket) -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        _send(control, {"pid": child, "code": os.waitstatus_to_exitcode(status)})


def _send(control: socket.socket, report: Report) -> None:
    try:
        control.send(json.dumps(report).encode())
    except BrokenPipeError:
        return  # the owner has ended, and the next `select` finds the socket closed


def _become(descriptors: list[int], of_server: Collection[int]) -> str:
    """Make this child what its request asks for, and return the module that it is to run."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in of_server:
        os.close(descriptor)
    with os.fdopen(descriptors[0], "rb") as file:
        request: Request = json.load(file)
    os.setsid()
    for stream, descriptor in enumerate(descriptors[1:]):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    argv = [text.replace(PARENT, str(os.getppid())) for text in request["argv"]]
    if argv[0] != sys.executable and not layered_environments.enter(Path(argv[0])):
        os.execve(argv[0], argv, request["env"])
    sys.path.insert(0, request["cwd"])  # as `python -m` does
    sys.argv = argv[2:]
    _refresh_imported(" ".join(argv))
    return argv[2]


def _refresh_imported(title: str) -> None:
    """Give the process its title, and to what is imported already what each process has for itself."""
    setproctitle(title)
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.disabled:
            logger.setLevel(_SILENT)  # Jupyter enables all loggers that there are when it starts, such as pyspark's
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # else all children draw the same numbers
    backend = os.environ.get("MPLBACKEND")
    if backend and (matplotlib := sys.modules.get("matplotlib")):
        matplotlib.rcParams["backend"] = backend  # which it reads from the environment when it is imported


if __name__ == "__main__":
    main()
