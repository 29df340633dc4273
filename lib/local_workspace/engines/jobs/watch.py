"""The state of a trigger that watches files or tables, and when it is due.

See https://docs.databricks.com/aws/en/jobs/file-arrival-triggers and …/jobs/trigger-table-update.
"""

import json
from datetime import UTC, datetime
from typing import TypedDict

from local_workspace.engines.jobs.documents import Timing, Trigger
from local_workspace.engines.jobs.sources import Sources


class Update(TypedDict):
    """The newest commit of a table, or the newest arrival of files, whose `version` is 0."""

    version: int
    committed_at: int


class Watch(TypedDict):
    """What a job's trigger has seen. Times are milliseconds since 1970, 0 for never.

    `watched` is what it watches; `files` are known; `versions` are those of tables that were seen last; `updates` are
    the changes since the last run, by path or table; `runs` counts the runs that it has started.
    """

    watched: list[str]
    files: list[str]
    versions: dict[str, int]
    updates: dict[str, Update]
    changed_at: int
    fired_at: int
    runs: int


def watched_by(trigger: Trigger) -> list[str]:
    """The path or the tables that a trigger watches; empty for a trigger that does not watch."""
    if "file_arrival" in trigger:
        return [trigger["file_arrival"]["url"]]
    return trigger["table_update"]["table_names"] if "table_update" in trigger else []


def first_look(trigger: Trigger, sources: Sources) -> Watch:
    """The state in which everything that exists is known. Raises ApiError for a volume or table that does not exist."""
    watched = watched_by(trigger)
    files = sorted(sources.files(watched[0])) if "file_arrival" in trigger else []
    commits = {table: sources.latest(table) for table in watched if "table_update" in trigger}
    versions = {table: commit.version if commit else -1 for table, commit in commits.items()}
    return {
        "watched": watched,
        "files": files,
        "versions": versions,
        "updates": {},
        "changed_at": 0,
        "fired_at": 0,
        "runs": 0,
    }


def look_again(watch: Watch, trigger: Trigger, sources: Sources, now: int) -> Watch:
    """The state after another look at `now`. A file that is overwritten is no arrival."""
    if "file_arrival" in trigger:
        return _see_files(watch, sources.files(watch["watched"][0]), now)
    updates, versions = dict(watch["updates"]), dict(watch["versions"])
    for table, version in watch["versions"].items():
        if commit := sources.latest(table, version):
            versions[table] = commit.version
            updates[table] = {"version": commit.version, "committed_at": commit.committed_at}
    changed_at = now if versions != watch["versions"] else watch["changed_at"]
    return {**watch, "versions": versions, "updates": updates, "changed_at": changed_at}


def is_due(watch: Watch, trigger: Trigger, now: int) -> bool:
    """Whether the trigger starts a run now."""
    settings = _timing(trigger)
    everything = trigger.get("table_update", {}).get("condition") == "ALL_UPDATED"
    updated = len(watch["updates"]) == len(watch["watched"]) if everything else bool(watch["updates"])
    rested = _have_passed(settings.get("min_time_between_triggers_seconds", 0), watch["fired_at"], now)
    quiet = _have_passed(settings.get("wait_after_last_change_seconds", 0), watch["changed_at"], now)
    return updated and rested and quiet


def _have_passed(seconds: int, since: int, now: int) -> bool:
    """Whether so many seconds lie between two times; unknown, and true, if the clock was set back between them."""
    return not 0 <= now - since < seconds * 1000


def fired(watch: Watch, now: int) -> Watch:
    """The state after a run has been started."""
    return {**watch, "updates": {}, "fired_at": now, "runs": watch["runs"] + 1}


def reference_values(watch: Watch, trigger: Trigger) -> dict[str, str]:
    """What references to the trigger stand for in a run that it starts now."""
    if "file_arrival" in trigger:
        return {"job.trigger.file_arrival.location": watch["watched"][0]}
    known = {"job.trigger.table_update.updated_tables": json.dumps(list(watch["updates"]))}
    for table, update in watch["updates"].items():
        moment = datetime.fromtimestamp(update["committed_at"] / 1000, UTC)
        known[f"job.trigger.table_update.{table}.version"] = str(update["version"])
        known[f"job.trigger.table_update.{table}.commit_timestamp"] = moment.isoformat(timespec="milliseconds")
    return known


def _see_files(watch: Watch, found: set[str], now: int) -> Watch:
    if found == set(watch["files"]):
        return watch
    if not found - set(watch["files"]):
        return {**watch, "files": sorted(found)}
    updates: dict[str, Update] = {watch["watched"][0]: {"version": 0, "committed_at": now}}
    return {**watch, "files": sorted(found), "updates": updates, "changed_at": now}


def _timing(trigger: Trigger) -> Timing:
    return trigger["file_arrival"] if "file_arrival" in trigger else trigger["table_update"]
