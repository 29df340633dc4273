"""Starting, finding and stopping the background service of a home."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from local_workspace.runtime import class_archive, environment, sockets
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import Home, open_home, read_json
from local_workspace.runtime.processes import Processes, ends, live_process

type Connection = dict[str, Any]
"""The variables with which clients find a workspace, and its process: `pid`, and when it was `started`."""

START_SECONDS = 60
_WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ANSWER_SECONDS = 60  # on a machine that is busy with the workspace's start
_QUIET_SECONDS = 2  # until a stop says that it goes on
STOP_SECONDS = 360  # the first Spark server that is stopped writes its class archive
_CONNECTION_KEYS = {"DATABRICKS_HOST", "DATABRICKS_TOKEN", "pid", "started"}


def _silent(_: str) -> None:
    """Report to nobody."""


def start(root: Path, report: Callable[[str], None]) -> Connection:
    """The connection of the workspace at `root`, which is started if it isn't running.

    Returns the clients' variables with `pid` and `started`. Raises SetupError if it can't start.
    """
    running = find(root)
    if running:
        return running
    home = open_home(root)
    with FileLock(home.run / "start.lock"):
        running = find(root)
        return running or _launch(home, report)


def find(root: Path) -> Connection | None:
    """The connection of the workspace running at `root`, or None. Raises SetupError if its file is damaged."""
    connection = _read_connection(Home(root.resolve()))
    if connection is None or not live_process(connection["pid"], connection["started"]):
        return None
    return connection if _answers(connection) else None


def sign_in_link(connection: Connection, path: str = "/", user: str | None = None) -> str:
    """A link to the page at `path` that signs a browser in, once, as `user` or as the workspace's own.

    Raises SetupError if the workspace does not answer, or has no such user.
    """
    code = _ask(connection, "/api/local/sign-in-codes", "POST", {"user_name": user} if user else None)["code"]
    return f"{connection['DATABRICKS_HOST']}/login?{urllib.parse.urlencode({'code': code, 'next': path})}"


def engines(connection: Connection) -> list[dict[str, Any]]:
    """The workspace's processes, as its API lists them. Raises SetupError if the workspace does not answer."""
    found: list[dict[str, Any]] = _ask(connection, "/api/local/engines")["engines"]
    return found


def disk(connection: Connection) -> dict[str, Any]:
    """The free space on the home's disk, as the workspace's API reports it. Raises SetupError if it doesn't answer."""
    found: dict[str, Any] = _ask(connection, "/api/local/health")["disk"]
    return found


def is_running(root: Path) -> bool:
    """Whether the workspace's process lives, even if it does not answer."""
    return _process(Home(root.resolve())) is not None


def stop(root: Path, report: Callable[[str], None] = _silent) -> bool:
    """End the workspace at `root` and everything it started; False if it wasn't running.

    `report` is called with a message if it takes long. Raises SetupError if the file that names its process is damaged.
    """
    home = Home(root.resolve())
    process = _process(home)
    if process:
        message = _stopping(process)
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
        if not ends(process, _QUIET_SECONDS):
            report(message)
            _await_end(process)
    if home.run.exists():
        Processes(home).reap()
    sockets.remove(home.run)
    home.connection.unlink(missing_ok=True)
    return bool(process)


def destroy(root: Path, report: Callable[[str], None] = _silent) -> None:
    """Stop the workspace at `root` and remove its home.

    Raises SetupError if `root` is no workspace home or its connection file is damaged.
    """
    home = Home(root.resolve())
    if not home.root.exists():
        return
    if not (home.root / "VERSION").exists() and any(home.root.iterdir()):
        raise SetupError(f"{home.root} is no workspace home; nothing was removed.")
    stop(root, report)
    shutil.rmtree(home.root)


def _process(home: Home) -> psutil.Process | None:
    connection = _read_connection(home)
    return live_process(connection["pid"], connection["started"]) if connection else None


def _stopping(service: psutil.Process) -> str:
    """What to say while the workspace of this service stops."""
    with suppress(psutil.Error):  # one has ended since
        if any(class_archive.writes_archive(child.cmdline()) for child in service.children()):
            return "Stopping. This first time takes a minute: Spark writes an archive that makes later starts faster …"
    return "Stopping …"


def _await_end(process: psutil.Process) -> None:
    if not ends(process, STOP_SECONDS):
        process.kill()
        ends(process, STOP_SECONDS)


def doctor_advice(root: Path | None) -> str:
    """The command that checks this machine for a workspace at `root`, in words that follow a message."""
    home = ["--home", str(root)] if root else []
    return f"To check this machine: {shlex.join([sys.executable, '-m', 'local_workspace', 'doctor', *home])}"


def _read_connection(home: Home) -> Connection | None:
    """The connection file's content, or None. A second workspace beside a running one would end its engines."""
    advice = (
        f"End the process `local_workspace serve --home {home.root}` if there is one, remove {home.connection}, "
        "and start the workspace again."
    )
    try:
        connection = read_json(home.connection)
    except SetupError as error:
        raise SetupError(f"{error}. {advice}") from error
    if connection is not None and (missing := _CONNECTION_KEYS - connection.keys()):
        raise SetupError(f"{home.connection} is damaged: {', '.join(sorted(missing))} is missing. {advice}")
    return connection


def _launch(home: Home, report: Callable[[str], None]) -> Connection:
    from local_workspace.runtime import software
    from local_workspace.service.settings import load_settings

    _check_machine(home)
    software.ensure(report)
    load_settings(home)
    report(f"Starting the local workspace in {home.root} …")
    log = home.logs / "workspace.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "local_workspace", "serve", "--home", str(home.root)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.root,
            env=environment.of_child(),
            start_new_session=True,
        )
    connection = _await_connection(home, child, log)
    report(f"The local workspace answers at {connection['DATABRICKS_HOST']}; Spark is warming up.")
    return connection


def _await_connection(home: Home, child: subprocess.Popen[bytes], log: Path) -> Connection:
    from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

    def connection() -> Connection:
        if child.poll() is not None:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise SetupError(f"The local workspace did not start:\n{tail}\n{doctor_advice(home.root)}")
        found = find(home.root)
        if found is None:
            raise TimeoutError
        return found

    try:
        return Retrying(
            stop=stop_after_delay(START_SECONDS), wait=wait_fixed(0.1), retry=retry_if_exception_type(TimeoutError)
        )(connection)
    except RetryError:
        raise SetupError(
            f"The local workspace did not answer within {START_SECONDS} s; see {log}\n{doctor_advice(home.root)}"
        ) from None


def _check_machine(home: Home) -> None:
    """Raise SetupError, with the remedy, for problems that would make the engines fail later."""
    from local_workspace.doctor import network, user

    for finding in (user.user(), user.home(home.root), network.localhost()):
        if finding.verdict == "failed":
            raise SetupError(f"{finding.text}. {finding.remedy}")


def _answers(connection: Connection) -> bool:
    try:
        with _WITHOUT_PROXY.open(_request(connection, "/api/local/health"), timeout=10) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _ask(connection: Connection, path: str, method: str = "GET", body: object = None) -> Any:
    try:
        with _WITHOUT_PROXY.open(_request(connection, path, method, body), timeout=_ANSWER_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SetupError(json.load(error)["message"]) from error
    except OSError as error:
        raise SetupError(f"The workspace at {connection['DATABRICKS_HOST']} does not answer: {error}") from error


def _request(connection: Connection, path: str, method: str = "GET", body: object = None) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {connection['DATABRICKS_TOKEN']}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    return urllib.request.Request(f"{connection['DATABRICKS_HOST']}{path}", content, headers, method=method)
