"""The catalog to use where a local workspace can't create the workbook's own: the one that it has.

It holds one catalog, and as an account with default storage (LOCAL_WORKSPACE_DEFAULT_STORAGE=1) it has one from the
start. On Databricks, where there may be several, the user chooses: see `unity.ensure_catalog`.
"""

import json
from urllib.request import ProxyHandler, Request, build_opener

from caspers import config
from caspers.platform import connection
from caspers.platform.connection import Connection


def of(found: Connection, wanted: str) -> str | None:
    """The catalog of a local workspace that has another than `wanted`; None if that is there or can be created."""
    there = _catalogs(found) if found.local else []
    return there[0] if there and wanted not in there else None


def for_notebook(wanted: str) -> str:
    """The catalog for a notebook: `wanted`, or the existing one, which it then prints.

    The runbook has chosen the catalog of its notebooks. One that is opened by hand starts a local workspace with
    default storage, which has a catalog only once it runs.
    """
    settings = config.load()
    if settings.run:
        return wanted
    found = connection.ensure() if settings.default_storage else connection.current()
    other = of(found, wanted) if found else None
    if other:
        print(f"No catalog {wanted} can be created in this workspace. The notebook uses the one that it has: {other}")
    return other or wanted


def _catalogs(found: Connection) -> list[str]:
    """The names of a local workspace's catalogs. Not by the SDK, whose import a run need not wait for."""
    request = Request(
        f"{found.host}/api/2.1/unity-catalog/catalogs", headers={"Authorization": f"Bearer {found.token}"}
    )
    with build_opener(ProxyHandler({})).open(request) as answer:
        return [entry["name"] for entry in json.load(answer).get("catalogs", [])]
