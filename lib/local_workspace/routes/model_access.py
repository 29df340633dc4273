"""Which registered models a service principal may see, load and serve: those on which it has EXECUTE, or its own.

Source: databricks.sdk.service.catalog.RegisteredModelsAPI and ModelVersionsAPI. What it may change is not checked.
"""

import re
from collections.abc import Sequence

from fastapi import Depends, Request

from local_workspace.engines.catalog.unity import UnityCatalog
from local_workspace.engines.models import ModelsEngine
from local_workspace.engines.models.documents import RegisteredModel
from local_workspace.runtime.errors import ApiError

_FILTERED = re.compile(r"""\s*name\s*=\s*(['"])(.*)\1\s*""", re.IGNORECASE)


def check(request: Request, full_name: str) -> None:
    """Raise ApiError 403 if a service principal may not use a model, 404 if there is none of that name."""
    if request.state.principal is not None:
        models: ModelsEngine = request.app.state.engines.models
        _check_model(request, models.get(full_name))


def usable(request: Request, found: Sequence[RegisteredModel]) -> list[RegisteredModel]:
    """Those of the models that the caller may use."""
    return [model for model in found if request.state.principal is None or _is_usable(request, model)]


def _is_usable(request: Request, model: RegisteredModel) -> bool:
    try:
        _check_model(request, model)
    except ApiError:
        return False
    return True


def _check_model(request: Request, model: RegisteredModel) -> None:
    principal: str = request.state.principal
    unity: UnityCatalog = request.app.state.engines.unity
    if model["owner"] != principal:
        unity.grants.check_execute(model["full_name"], principal)


def _check_read(request: Request) -> None:
    filtered = _FILTERED.fullmatch(request.query_params.get("filter", ""))
    name = request.path_params.get("full_name") or request.query_params.get("name") or (filtered and filtered[2])
    if request.method == "GET" and name:
        check(request, name)


TO_READ = Depends(_check_read)
"""For the `dependencies` of a router of models: a GET that names one needs EXECUTE on it."""
