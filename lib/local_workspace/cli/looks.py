"""What the commands print of a workspace that runs."""

import os
import re
import sys
from collections.abc import Mapping, Sequence

from local_workspace.pages import formats, states

_COLUMNS = ("Engine", "state", "memory", "processor time", "started", "restarts")


def show(link: str) -> None:
    """Print a link that signs a browser in; at a terminal with a screen also open it."""
    print(f"{link}\nThe link signs a browser in once, within 10 minutes.")
    if sys.stdout and sys.stdout.isatty() and _has_screen():
        import webbrowser

        webbrowser.open(link)


def print_status(
    connection: Mapping[str, object], engines: Sequence[Mapping[str, object]], disk: Mapping[str, object]
) -> None:
    """Print where the workspace is, a line for each of its processes, and a shortage (`engines`, `disk` of the API)."""
    print(f"The local workspace answers at {connection['DATABRICKS_HOST']}\n")
    rows = [_COLUMNS, *(_row(engine) for engine in engines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for engine in engines:
        if engine["message"]:
            print(f"\n{engine['name']}: {engine['message']}")
    if disk["message"]:
        print(f"\n{disk['message']}")


def _row(engine: Mapping[str, object]) -> tuple[str, ...]:
    memory, seconds, started = engine["memory_bytes"], engine["cpu_seconds"], engine["started_at"]
    assert isinstance(memory, int) and isinstance(seconds, float | int)
    return (
        str(engine["name"]),
        states.word(str(engine["state"])),
        formats.size(memory or None),
        formats.duration(seconds * 1000),
        re.sub("<[^>]*>", "", str(formats.ago(started if isinstance(started, int) else None))),
        str(engine["restarts"]),
    )


def _has_screen() -> bool:
    """Whether this machine can show a browser: on Linux there may be no screen, and one in the terminal is none."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
