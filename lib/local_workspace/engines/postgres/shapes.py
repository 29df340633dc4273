"""How the API describes Lakebase resources, from the engines' documents."""

from datetime import datetime
from typing import Any

from local_workspace.engines.postgres import names
from local_workspace.engines.postgres.documents import Catalog, Database, Project
from local_workspace.engines.sync.documents import SyncedTable
from local_workspace.engines.sync.worker import Progress
from local_workspace.runtime.principals import is_user
from local_workspace.runtime.timestamps import to_iso

Json = dict[str, Any]


def role_path(project: str, user: str) -> str:
    """The path of the role `user`."""
    return f"{names.branch_path(project)}/roles/{names.dns_name(user)}"


def project(doc: Project) -> Json:
    """A project."""
    shown = {"display_name": doc["display_name"], "pg_version": doc["pg_version"]}
    return {
        "name": f"projects/{doc['project_id']}",
        "project_id": doc["project_id"],
        "uid": doc["uid"],
        "create_time": doc["create_time"],
        "spec": shown,
        "status": shown
        | {
            "project_id": doc["project_id"],
            "owner": doc["owner"],
            "default_branch": names.branch_path(doc["project_id"]),
        },
    }


def branch(doc: Project) -> Json:
    """The one branch of a project."""
    return {
        "name": names.branch_path(doc["project_id"]),
        "branch_id": names.BRANCH,
        "parent": f"projects/{doc['project_id']}",
        "uid": doc["uid"],
        "create_time": doc["create_time"],
        "status": {"branch_id": names.BRANCH, "current_state": "READY", "default": True, "is_protected": False},
    }


def endpoint(doc: Project, address: str) -> Json:
    """The one endpoint, with the `address` that the engine has for it."""
    kind, disabled, project_id = "ENDPOINT_TYPE_READ_WRITE", doc.get("disabled", False), doc["project_id"]
    return {
        "name": names.endpoint_path(project_id),
        "endpoint_id": names.ENDPOINT,
        "parent": names.branch_path(project_id),
        "spec": {"endpoint_type": kind, "disabled": disabled},
        "status": {
            "endpoint_id": names.ENDPOINT,
            "endpoint_type": kind,
            "current_state": "IDLE" if disabled else "ACTIVE",
            "disabled": disabled,
            "hosts": {"host": address},
        },
    }


def role(project_id: str, name: str) -> Json:
    """A role: a user, or a service principal."""
    kind = "USER" if is_user(name) else "SERVICE_PRINCIPAL"
    return {
        "name": role_path(project_id, name),
        "role_id": names.dns_name(name),
        "parent": names.branch_path(project_id),
        "status": {"postgres_role": name, "identity_type": kind},
    }


def database(doc: Database) -> Json:
    """A database."""
    shown = {"postgres_database": doc["name"], "role": role_path(doc["project"], doc["role"])}
    parent = names.branch_path(doc["project"])
    return {
        "name": f"{parent}/databases/{doc['id']}",
        "database_id": doc["id"],
        "parent": parent,
        "spec": shown,
        "status": shown | {"database_id": doc["id"]},
    }


def catalog(doc: Catalog) -> Json:
    """A database that is registered as a catalog."""
    where = {"branch": names.branch_path(doc["project"]), "postgres_database": doc["database"]}
    return {
        "name": f"catalogs/{doc['catalog_id']}",
        "catalog_id": doc["catalog_id"],
        "uid": doc["uid"],
        "create_time": doc["create_time"],
        "spec": where,
        "status": where | {"project": f"projects/{doc['project']}"},
    }


def synced_table(doc: SyncedTable, progress: Progress, newest: int | None) -> Json:
    """A synced table; `newest` is the source's newest Delta version, if it can be read."""
    return {
        "name": f"synced_tables/{doc['id']}",
        "synced_table_id": doc["id"],
        "uid": doc["uid"],
        "create_time": doc["create_time"],
        "spec": {
            "source_table_full_name": doc["source"],
            "primary_key_columns": doc["key"],
            "scheduling_policy": "CONTINUOUS",
            "branch": names.branch_path(doc["project"]),
            "postgres_database": doc["database"],
            "new_pipeline_spec": {key: doc[key] for key in ("storage_catalog", "storage_schema") if key in doc},
        },
        "status": {
            "project": f"projects/{doc['project']}",
            "unity_catalog_provisioning_state": "ACTIVE",
            **_sync_state(progress, newest),
        },
    }


def _sync_state(progress: Progress, newest: int | None) -> Json:
    """State, last version, its times, and a message with the versions that the sync is behind."""
    if progress.version is None:
        state = "SYNCED_TABLE_OFFLINE_FAILED" if progress.error else "SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT"
        return {"detailed_state": state, "message": progress.error or "The first snapshot is being written."}
    behind = "" if newest is None else f", {newest - progress.version} behind the source"
    ended = _time(progress.ended)
    return {
        "detailed_state": (
            "SYNCED_TABLE_ONLINE_PIPELINE_FAILED" if progress.error else "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE"
        ),
        "message": progress.error or f"Version {progress.version} is visible{behind}.{_left_out(progress.left_out)}",
        "last_processed_commit_version": progress.version,
        "last_sync_time": ended,
        "last_sync": {
            "sync_start_time": _time(progress.began),
            "sync_end_time": ended,
            "delta_table_sync_info": {
                "delta_commit_version": progress.version,
                "delta_commit_time": _time(progress.committed),
            },
        },
    }


def _left_out(rows: int) -> str:
    """The sentence on the rows that Databricks leaves out too, without a word there; empty if there are none."""
    if not rows:
        return ""
    have, them = ("row has", "it") if rows == 1 else ("rows have", "them")
    return f" {rows} {have} NULL in the primary key: the sync leaves {them} out."


def _time(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment else None
