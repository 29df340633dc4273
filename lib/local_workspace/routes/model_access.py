"""Which registered models a caller may see, load and serve: those on which it has EXECUTE, its own, or as admin all.

Source: databricks.sdk.service.catalog.RegisteredModelsAPI and ModelVersionsAPI. What it may change is not checked.
"""

import re
from collections.abc import Sequence

from fastapi import Depends, Request

from local_workspace.engines.catalog.grants import GrantsEngine
from local_workspace.engines.catalog.unity import UnityCatalog
from local_workspace.engines.models import ModelsEngine
from local_workspace.engines.models.documents import RegisteredModel

_FILTERED = re.compile(r"""\s*name\s*=\s*(['"])(.*)\1\s*""", re.IGNORECASE)


def check(request: Request, full_name: str) -> None:
    """Raise ApiError 403 if the caller may not use a model, 404 if there is none of that name."""
    if request.state.principal is not None:
        models: ModelsEngine = request.app.state.engines.models
        model = models.get(full_name)
        _grants(request).check_use(model["full_name"], model["owner"], request.state.principal)


def usable(request: Request, found: Sequence[RegisteredModel]) -> list[RegisteredModel]:
    """Those of the models that the caller may use."""
    principal: str | None = request.state.principal
    if principal is None:
        return list(found)
    return [model for model in found if _grants(request).may_use(model["full_name"], model["owner"], principal)]


def _grants(request: Request) -> GrantsEngine:
    unity: UnityCatalog = request.app.state.engines.unity
    return unity.grants


def _check_read(request: Request) -> None:
    filtered = _FILTERED.fullmatch(request.query_params.get("filter", ""))
    name = request.path_params.get("full_name") or request.query_params.get("name") or (filtered and filtered[2])
    if request.method == "GET" and name:
        check(request, name)


TO_READ = Depends(_check_read)
"""For the `dependencies` of a router of models: a GET that names one needs EXECUTE on it."""
