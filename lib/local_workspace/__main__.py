"""`python -m local_workspace doctor|setup|start|find|stop|destroy|serve --home DIR`: the service from a shell.

The home is LOCAL_WORKSPACE_HOME unless --home is given; LOCAL_WORKSPACE_PORT is the port of the API.
doctor checks this machine, one line per check, and exits with 1 if one fails; setup fetches the Spark server's
distribution. start and find print one JSON object: the variables by which clients find the workspace without a proxy,
its process, and under `unset` the names of the caller's variables that lead elsewhere. An error is an object with the
key `error`; progress goes to standard error.
"""

import argparse
import json
import os
import sys
from io import TextIOWrapper
from pathlib import Path

from local_workspace.runtime import environment
from local_workspace.runtime.errors import SetupError
from local_workspace.service import control

_HOME_HELP = "the workspace's home directory, by default LOCAL_WORKSPACE_HOME; doctor and setup need none"


def main() -> int:
    """Run the command; returns 0 for success, 1 if there is no running workspace or a check failed, 2 for an error."""
    parser = argparse.ArgumentParser(prog="local_workspace", description=__doc__)
    parser.add_argument("command", choices=["doctor", "setup", "start", "find", "stop", "destroy", "serve", "open"])
    parser.add_argument("page", nargs="?", default="/", help="with open: the page's path, such as /jobs")
    home = os.environ.get("LOCAL_WORKSPACE_HOME")
    parser.add_argument("--home", type=Path, default=home and Path(home), help=_HOME_HELP)
    arguments = parser.parse_args()
    if arguments.command == "doctor":
        return _doctor(arguments.home or Path(".local_workspace"))
    if arguments.home is None and arguments.command != "setup":
        parser.error(f"{arguments.command} needs --home or LOCAL_WORKSPACE_HOME")
    try:
        return _run(arguments.command, arguments.home, arguments.page)
    except (SetupError, OSError) as error:  # such as a disk or a folder that can't be written
        print(json.dumps({"error": _message(error, arguments.home)}) if arguments.command != "serve" else error)
        return 2


def _run(command: str, root: Path, page: str) -> int:
    if command == "setup":
        _setup()
    elif command == "serve":
        _serve(root)
    elif command == "stop":
        print("stopped" if control.stop(root) else "was not running", file=sys.stderr)
    elif command == "open":
        return _open(root, page)
    elif command == "destroy":
        control.destroy(root)
    else:
        return _print_connection(control.start(root, _report) if command == "start" else control.find(root))
    return 0


def _doctor(root: Path) -> int:
    from local_workspace import doctor

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a check reports a terminal that lacks letters
    code = 0
    for finding in doctor.check(root.resolve()):
        print(finding, flush=True)
        code = 1 if finding.verdict == "failed" else code
    return code


def _setup() -> None:
    from local_workspace.runtime import software

    software.ensure(_report)


def _serve(root: Path) -> None:
    import logging

    from local_workspace.runtime.home import open_home
    from local_workspace.service.daemon import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(open_home(root))


def _open(root: Path, page: str) -> int:
    connection = control.find(root)
    if connection is None:
        print(f"No workspace runs in {root}.", file=sys.stderr)
        return 1
    link = control.sign_in_link(connection, page)
    print(f"{link}\nThe link signs a browser in once, within 10 minutes.")
    if sys.stdout.isatty() and _has_browser():
        import webbrowser

        webbrowser.open(link)
    return 0


def _has_browser() -> bool:
    """Whether this machine can show one: on Linux there may be no screen, and a browser in the terminal is none."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _message(error: SetupError | OSError, root: Path | None) -> str:
    return str(error) if isinstance(error, SetupError) else f"{error}\n{control.doctor_advice(root)}"


def _print_connection(connection: control.Connection | None) -> int:
    if connection is None:
        return 1
    variables = {name: value for name, value in connection.items() if name.isupper()}
    added, away = environment.of_client(variables)
    print(json.dumps(connection | added | {"unset": away}))
    return 0


def _report(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
