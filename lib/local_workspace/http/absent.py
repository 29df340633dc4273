"""Databricks' services that a local workspace does not have: a request to one is refused with what to do instead."""

import re

_ALERTS = "has no alerts. Run the alert's query in a job, and test its result with a condition_task."
_CLUSTERS = "has no clusters: tasks run on this machine, whatever compute a job names. Leave the resource out."
_DASHBOARDS = "has no dashboards. Query the same tables from a notebook or an app."
_VECTORS = "has no vector search. Compare the embeddings in a notebook."
_STORAGE = "has no cloud storage: it keeps tables and volumes on this machine. Use managed ones."
_OLDER_JOBS = re.compile(r"/api/2\.[01]/jobs/")
ABSENT = {
    "alerts": _ALERTS,
    "cluster-policies": _CLUSTERS,
    "clusters": _CLUSTERS,
    "database": "has no provisioned database instances. Use a Lakebase project (w.postgres).",
    "dbfs": "has no DBFS. Keep the files in a volume.",
    "genie": "has no Genie. Query the same tables from a notebook or an app.",
    "instance-pools": _CLUSTERS,
    "lakeview": _DASHBOARDS,
    "libraries": _CLUSTERS,
    "mlflow/unity-catalog/prompts": "has no prompt registry. Keep the template in a file beside the notebook.",
    "preview/sql/dashboards": _DASHBOARDS,
    "repos": "has no Git folders. Deploy a bundle, or import the files.",
    "sql/alerts": _ALERTS,
    "unity-catalog/external-locations": _STORAGE,
    "unity-catalog/storage-credentials": _STORAGE,
    "vector-search": _VECTORS,
}


def sentence(path: str) -> str:
    """What a local workspace lacks of the service that `path` belongs to, and what to do; empty for another path."""
    if _OLDER_JOBS.match(path):
        return f" A local workspace has version 2.2 of the Jobs API: use {_OLDER_JOBS.sub('/api/2.2/jobs/', path)}."
    service = re.sub(r"^/api/[0-9.]+/", "", path)
    found = next((text for name, text in ABSENT.items() if f"{service}/".startswith(f"{name}/")), "")
    return f" A local workspace {found}" if found else ""
