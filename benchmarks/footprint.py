"""What a workspace holds: disk, by what lies there, and memory, handles and threads of its processes."""

import os
import re
from collections import Counter
from pathlib import Path

import psutil
from processor import kind
from targets import service

DISK = {
    "events": "volumes/simulator/events/",
    "checkpoints": ".*(/|_)checkpoints?/|pipelines/",
    "Delta": "tables/",
    "logs": "logs/",
    "runs": "runs/",
    "MLflow": "mlflow/",
    "Postgres": "postgres/",
    "other": "",
}
"""What a file is, by its path in the home: the first whose pattern fits."""
JVM = "Spark"  # the only kind of process that is one


def disk(home: Path) -> dict[str, int]:
    """Bytes on disk and number of files, folders too, of a home: `Delta bytes`, `Delta files`, each of DISK."""
    found: Counter[str] = Counter({f"{what} {unit}": 0 for what in DISK for unit in ("bytes", "files")})
    for folder, folders, names in os.walk(home):
        for name in (*folders, *names):
            path = Path(folder, name)
            what = next(what for what, pattern in DISK.items() if re.match(pattern, f"{path.relative_to(home)}/"))
            try:
                found[f"{what} bytes"] += path.lstat().st_blocks * 512
            except FileNotFoundError:  # it is temporary
                continue
            found[f"{what} files"] += 1
    return dict(found)


def processes(home: Path) -> dict[str, int]:
    """Of the workspace that runs at `home`: memory (PSS, in bytes), handles and threads, the JVM's and the others'."""
    found: Counter[str] = Counter()
    for root in service(home):
        for process in [root, *root.children(recursive=True)]:
            try:
                with process.oneshot():
                    who = "JVM" if kind(process.cmdline()) == JVM else "others"
                    held = {"bytes": process.memory_full_info().pss, "handles": process.num_fds()}
                    held |= {"threads": process.num_threads(), "processes": 1}
            except psutil.Error:  # it has ended
                continue
            found.update({f"{who} {what}": count for what, count in held.items()})
    return dict(found)
