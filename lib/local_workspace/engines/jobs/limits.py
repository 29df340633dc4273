"""How long and how many a job's settings and a run's parameters may be, and what among them must be unique.

The numbers and rules are those of the SDK's docstrings: `JobSettings`, `JobParameterDefinition`, `JobCluster`,
`Task.job_cluster_key` and `RunParameters.notebook_params`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from local_workspace.engines.jobs.documents import Settings, Task
from local_workspace.runtime.errors import invalid

_NAME_BYTES, _DESCRIPTION, _TAGS, _NOTEBOOK_PARAMS_BYTES = 4096, 27_700, 25, 10_000
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]+")


def check_limits(settings: Settings) -> None:
    """Raise ApiError 400 for settings that are too long or too many, or name something twice or not at all."""
    if len(settings["name"].encode()) > _NAME_BYTES:
        raise invalid(f"name: a job's name has at most {_NAME_BYTES} bytes.")
    if len(settings.get("description", "")) > _DESCRIPTION:
        raise invalid(f"description: a job's description has at most {_DESCRIPTION:,} characters.")
    if len(settings.get("tags", {})) > _TAGS:
        raise invalid(f"tags: a job has at most {_TAGS} tags.")
    names = [parameter["name"] for parameter in settings.get("parameters", [])]
    for name in names:
        if not _PARAMETER.fullmatch(name):
            raise invalid(
                f"parameters: the name {name!r} may have only letters without accents, digits, '_', '-', '.'."
            )
    _check_unique("parameters", "the name", names)
    keys = [str(cluster.get("job_cluster_key")) for cluster in settings.get("job_clusters", [])]
    _check_unique("job_clusters", "the job_cluster_key", keys)
    for task in settings.get("tasks", []):
        check_key(task, "job_cluster_key", keys, "job_clusters has no cluster")


def check_notebook_params(values: Mapping[str, object]) -> None:
    """Raise ApiError 400 for parameters of notebooks whose JSON is too long."""
    size = len(json.dumps({"notebook_params": values}, ensure_ascii=False).encode())
    if size > _NOTEBOOK_PARAMS_BYTES:
        raise invalid(
            f"notebook_params have {size:,} bytes as JSON; at most {_NOTEBOOK_PARAMS_BYTES:,} are allowed. Put what is "
            "long into a file or a table, and pass its name."
        )


def check_key(task: Task, field: Literal["environment_key", "job_cluster_key"], keys: list[str], lack: str) -> None:
    """Raise ApiError 400, which says `lack`, if a task or the one that it repeats names none of the job's `keys`."""
    key = task.get(field)
    if key is not None and key not in keys:
        raise invalid(f"Task {task['task_key']!r}: {lack} {key!r}; it has {', '.join(keys) or 'none'}.")
    if "for_each_task" in task:
        check_key(task["for_each_task"]["task"], field, keys, lack)


def _check_unique(place: str, what: str, names: Iterable[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise invalid(f"{place}: {what} {name!r} is there twice.")
        known.add(name)
