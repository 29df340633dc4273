"""Documents of Delta tables after commits of data, which change neither columns nor properties.

A stream commits every few seconds: its table's document is then brought up to date from the log, without Spark.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from local_workspace.engines.catalog.documents import SparkRelation

_VERSION, _TIMESTAMP = "delta.lastUpdateVersion", "delta.lastCommitTimestamp"
# What a document shows otherwise: columns and properties, features, and a time that is not the file's.
_OTHER_ACTION = re.compile(r'^\s*\{\s*"(metaData|protocol)"|"inCommitTimestamp"', re.MULTILINE)


def current(relation: SparkRelation) -> SparkRelation | None:
    """The document with its table's newest version; None if Spark must read it again.

    A writer of Delta commits without the metastore, which then knows nothing of the version. The document of a view
    or of a table that isn't Delta's is returned as it is.
    """
    known = version(relation)
    if known is None or not relation["location"]:
        return relation
    log = Path(unquote(urlsplit(relation["location"]).path), "_delta_log")
    try:
        return _after(log, relation, known)
    except FileNotFoundError:  # of a table that was replaced, or whose log was cleaned up meanwhile
        return None


def version(relation: SparkRelation) -> int | None:
    """The version of a Delta table that its document is of; None for a view, and a table that isn't Delta's."""
    found = relation.get("properties", {}).get(_VERSION)
    return None if found is None else int(found)


def _after(log: Path, relation: SparkRelation, version: int) -> SparkRelation | None:
    newest = _commit(log, version).stat()
    changed = False
    while (following := _commit(log, version + 1)).exists():
        if _OTHER_ACTION.search(following.read_text()):
            return None
        newest, version, changed = following.stat(), version + 1, True
    return _committed(relation, version, newest.st_mtime_ns // 1_000_000) if changed else relation


def _commit(log: Path, version: int) -> Path:
    return log / f"{version:020}.json"


def _committed(relation: SparkRelation, version: int, timestamp: int) -> SparkRelation:
    properties = {**relation["properties"], _VERSION: str(version), _TIMESTAMP: str(timestamp)}
    return {**relation, "properties": properties, "updated_at": max(relation["created_at"], timestamp)}
