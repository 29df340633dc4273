"""The options of the command line."""

import argparse
import os
from pathlib import Path

_HOME = "the workspace's home directory; by default LOCAL_WORKSPACE_HOME"
_JSON = "print one JSON object, for a program; an error is one with the key `error`"
_WITHOUT_HOME = ("doctor", "setup")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options in `arguments`, by default those of this process; exits with 2 if they make no sense.

    `command` and `home` are always there; `home` is None only for a command that needs none.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.home is None and options.command not in _WITHOUT_HOME:
        parser.error(f"{options.command} needs --home or LOCAL_WORKSPACE_HOME")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_workspace", description="A Databricks workspace on a laptop."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_lifecycle, _looks, _homes, _set_up):
        add(commands)
    return parser


type _Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, name: str, text: str, json: bool = False) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    home = os.environ.get("LOCAL_WORKSPACE_HOME")
    parser.add_argument("--home", type=Path, default=home and Path(home), metavar="DIR", help=_HOME)
    if json:
        parser.add_argument("--json", action="store_true", help=_JSON)
    return parser


def _lifecycle(commands: _Commands) -> None:
    _add(commands, "up", "start the workspace if it does not run, and say where it is", json=True)
    _add(commands, "down", "stop the workspace and everything it started; its data is kept", json=True)
    _add(commands, "destroy", "stop the workspace and remove its home with all data", json=True)
    _add(commands, "serve", "run the workspace in the foreground")


def _looks(commands: _Commands) -> None:
    opening = _add(commands, "open", "print a link that signs a browser in, and open it if there is one")
    opening.add_argument("page", nargs="?", default="/", help="the page's path, such as /jobs")
    opening.add_argument("--user", metavar="NAME", help="who signs in; by default the workspace's own user")
    _add(commands, "status", "list the workspace's processes; exits with 1 if it does not run", json=True)
    logs = _add(commands, "logs", "print the end of the logs")
    logs.add_argument("engine", nargs="?", metavar="ENGINE", help="one engine's, as `status` names it; by default all")
    logs.add_argument("-f", "--follow", action="store_true", help="print what is added until interrupted")
    logs.add_argument("-n", "--lines", type=int, default=20, help="lines of each log; default: %(default)s")


def _homes(commands: _Commands) -> None:
    save = _add(commands, "save", "keep a copy of the home of a stopped workspace")
    save.add_argument("name", metavar="NAME", help="letters, digits, . _ and -")
    load = _add(commands, "load", "bring a saved home back, for a stopped workspace")
    load.add_argument("name", metavar="NAME", nargs="?", help="the saved home; without, all are listed")
    load.add_argument("--replace", action="store_true", help="drop what is in the home now")


def _set_up(commands: _Commands) -> None:
    _add(commands, "setup", "fetch the Spark server and the scripts of the pages")
    _add(commands, "doctor", "check this machine, one line per check; exits with 1 if one fails")
