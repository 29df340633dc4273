"""The processes of a workspace, by the marks that it keeps of them."""

import json

import psutil

from local_workspace.runtime.home import Home


def process(home: Home, name: str) -> psutil.Process:
    """The child process of that name. Raises FileNotFoundError if none runs."""
    return psutil.Process(json.loads((home.run / f"{name}.pid").read_text())["pid"])
