"""Runs a command of the command line."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from local_workspace.cli.options import parse
from local_workspace.runtime import environment
from local_workspace.runtime.errors import SetupError
from local_workspace.service import control

DONE, NOT_RUNNING, FAILED = 0, 1, 2  # exit codes; 1 is also that of a check of the doctor that failed


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` name; returns the exit code. Progress goes to standard error."""
    options = parse(arguments)
    try:
        return COMMANDS[options.command](options)
    except (SetupError, OSError) as error:  # such as a disk or a folder that can't be written
        message = str(error) if isinstance(error, SetupError) else f"{error}\n{control.doctor_advice(options.home)}"
        as_json = getattr(options, "json", False)
        print(json.dumps({"error": message}) if as_json else message, file=sys.stdout if as_json else sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def _up(options: Namespace) -> int:
    connection = control.start(options.home, _report)
    if options.json:
        return _print_connection(connection)
    print(f"Open it: {control.sign_in_link(connection)}")
    return DONE


def _down(options: Namespace) -> int:
    _report("stopped" if control.stop(options.home, _report) else "was not running")
    return DONE


def _destroy(options: Namespace) -> int:
    control.destroy(options.home, _report)
    return DONE


def _serve(options: Namespace) -> NoReturn:
    import logging

    from local_workspace.runtime.home import open_home
    from local_workspace.service.daemon import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(open_home(options.home))
    logging.shutdown()
    # Everything has been stopped. Python's own end would close the Spark sessions that are left, and wait for ever for
    # a call of one whose thread is gone.
    os._exit(DONE)


def _open(options: Namespace) -> int:
    from local_workspace.cli.looks import show

    connection = control.find(options.home)
    if connection is None:
        return _not_running(options.home)
    show(control.sign_in_link(connection, options.page, options.user))
    return DONE


def _status(options: Namespace) -> int:
    from local_workspace.cli.looks import print_status

    connection = control.find(options.home)
    if connection is None:
        return NOT_RUNNING if options.json else _not_running(options.home)
    if options.json:
        return _print_connection(connection)
    print_status(connection, control.engines(connection), control.disk(connection))
    return DONE


def _logs(options: Namespace) -> int:
    from local_workspace.cli import logs

    logs.show(options.home.resolve() / "logs", options.engine, options.lines, options.follow, sys.stdout)
    return DONE


def _save(options: Namespace) -> int:
    from local_workspace.service import saves

    print(f"Saved in {saves.save(options.home, options.name, _report)}")
    return DONE


def _load(options: Namespace) -> int:
    from local_workspace.service import saves

    if options.name is None:
        print("\n".join(saves.names(options.home)) or f"Nothing is saved in {saves.folder(options.home)}.")
        return DONE
    saves.load(options.home, options.name, options.replace, _report)
    return DONE


def _setup(_: Namespace) -> int:
    from local_workspace.runtime import software

    software.ensure(_report)
    return DONE


def _doctor(options: Namespace) -> int:
    from local_workspace import doctor

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a check reports a terminal that lacks letters
    code = DONE
    for finding in doctor.check((options.home or Path(".local_workspace")).resolve()):
        print(finding, flush=True)
        code = 1 if finding.verdict == "failed" else code
    return code


def _print_connection(connection: control.Connection) -> int:
    """The variables by which clients find the workspace without a proxy, its process, and under `unset` the names of
    the caller's variables that lead elsewhere.
    """
    variables = {name: value for name, value in connection.items() if name.isupper()}
    added, away = environment.of_client(variables)
    print(json.dumps(connection | added | {"unset": away}))
    return DONE


def _not_running(root: Path) -> int:
    _report(f"No workspace runs in {root}. Start it with: python -m local_workspace up --home {root}")
    return NOT_RUNNING


def _report(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "up": _up,
    "down": _down,
    "destroy": _destroy,
    "serve": _serve,
    "open": _open,
    "status": _status,
    "logs": _logs,
    "save": _save,
    "load": _load,
    "setup": _setup,
    "doctor": _doctor,
}
