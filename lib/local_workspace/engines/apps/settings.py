"""What requests set of an app: at once, or the fields that an update's mask names."""

from collections.abc import Collection
from typing import Any

from local_workspace.engines.apps.documents import AppSettings
from local_workspace.runtime.errors import invalid
from local_workspace.runtime.timestamps import now_iso

Json = dict[str, Any]

WITHOUT_EFFECT = (  # stored and returned
    *("budget_policy_id", "usage_policy_id", "telemetry_export_destinations"),
    *("compute_size", "compute_min_instances", "compute_max_instances", "git_repository"),
)
_FIELDS = ("description", "resources", "user_api_scopes", "forward_user_access_token", *WITHOUT_EFFECT)
_DEFAULT_SIZE = "MEDIUM"


def settings_of(request: Json, updater: str) -> AppSettings:
    """The settings that a request leaves an app with, if it replaces them all."""
    kept = {field: request[field] for field in WITHOUT_EFFECT if request.get(field) is not None}
    return {
        "description": request.get("description") or "",
        "resources": request.get("resources") or [],
        "user_api_scopes": request.get("user_api_scopes") or [],
        "kept": {"compute_size": _DEFAULT_SIZE} | kept,
        "updater": updater,
        "update_time": now_iso(),
    }


def masked(current: AppSettings, request: Json, mask: str) -> Json:
    """A request that replaces them all, from one that replaces the fields in `mask`, which are separated by commas.

    Raises 400 for an unknown field. `*` means all of them.
    """
    named = [field.strip() for field in mask.split(",")]
    fields: Collection[str] = _FIELDS if named == ["*"] else named
    if unknown := [field for field in fields if field not in _FIELDS]:
        raise invalid(f"update_mask: {unknown[0]!r} can't be updated; the fields are {', '.join(_FIELDS)}.")
    return {**current["kept"], **current, **{field: request.get(field) for field in fields}}
