"""Which experiments a caller may use who is no administrator: CAN_READ lets read them, CAN_EDIT write.

Source: https://docs.databricks.com/aws/en/security/auth/access-control/#mlflow-experiment-acls
"""

import json
import re
from collections.abc import Iterator

from fastapi import Request

from local_workspace.engines.permissions import PermissionsEngine
from local_workspace.engines.permissions.kinds import MANAGE
from local_workspace.runtime.permissions import of_principal

_ARTIFACTS = re.compile(r"/(?:ajax-)?api/[23]\.0/mlflow-artifacts/artifacts/(\d+)/")
_CREATE = "api/2.0/mlflow/experiments/create"
_OF_SPANS = "x-mlflow-experiment-id"  # mlflow/tracing/utils/otlp.py
_NAMES = ("experiment_id", "experiment_ids")
# MLflow's client asks whether there is such an experiment before its first trace, and if that is refused it traces
# nothing and does not say so. In Databricks' serving environment it does not ask (mlflow/tracing/provider.py).
_LOOK_UP = "/api/2.0/mlflow/experiments/get"


async def check(request: Request) -> None:
    """Raise ApiError 403 if the caller names an experiment on which it has not the permission.

    What is asked for by the id of a run or a trace is not checked.
    """
    principal, path = request.state.principal, request.url.path
    if principal is None or path == _LOOK_UP:
        return
    permissions: PermissionsEngine = request.app.state.engines.permissions
    level = "CAN_READ" if request.method == "GET" or path.endswith("/search") else "CAN_EDIT"
    in_path = _ARTIFACTS.search(path)
    named = {in_path[1]} if in_path else set(request.query_params.getlist("experiment_id"))
    named.update(request.headers.getlist(_OF_SPANS))
    if request.headers.get("content-type", "").startswith("application/json"):
        named.update(_in_body(await request.body()))
    for experiment in sorted(named):
        permissions.check("experiments", experiment, principal, level)


def makes_experiment(request: Request) -> bool:
    """Whether the request makes an experiment for a caller who is no administrator."""
    return request.state.principal is not None and request.method == "POST" and request.url.path.endswith(_CREATE)


def give_to_maker(request: Request, answer: bytes) -> None:
    """Let the caller manage the experiment that it has made, as MLflow's `answer` names it."""
    permissions: PermissionsEngine = request.app.state.engines.permissions
    experiment = json.loads(answer)["experiment_id"]
    permissions.add("experiments", experiment, [of_principal(request.state.principal, MANAGE)])


def _in_body(content: bytes) -> Iterator[str]:
    """The experiments that a request's body names, at any depth: a trace's is in its location."""
    try:
        waiting: list[object] = [json.loads(content)]
    except (ValueError, RecursionError):
        return  # MLflow refuses it
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            for name, inner in value.items():
                if name in _NAMES:
                    yield from map(str, inner if isinstance(inner, list) else [inner])
                else:
                    waiting.append(inner)
