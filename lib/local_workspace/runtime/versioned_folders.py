"""Folders that are named KIND-VERSION, such as `postgres-18.6.0`, of which one version is kept."""

import shutil
from pathlib import Path


def put_in_place(unfinished: Path, target: Path) -> None:
    """Give the folder `unfinished` the name `target`, and remove the folders of its kind's other versions beside it."""
    unfinished.replace(target)
    kind = target.name.partition("-")[0]
    for other in target.parent.glob(f"{kind}-*/"):
        if other != target:
            shutil.rmtree(other)
