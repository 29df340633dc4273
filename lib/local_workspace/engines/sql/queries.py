"""Saved queries: SQL with a name, which jobs run."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, cast

from local_workspace.engines.sql.script import Value
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import already_exists, invalid, not_found
from local_workspace.runtime.store import Store


class QueryParameter(TypedDict, total=False):
    """A parameter `{{name}}`, with a default in the field of its type."""

    name: str
    title: str
    text_value: dict[str, str]
    numeric_value: dict[str, float]
    date_value: dict[str, str]


class Query(TypedDict):
    """A query. A trashed one is shown by its id only."""

    id: str
    display_name: str
    lifecycle_state: str
    create_time: str
    update_time: str
    owner_user_name: str
    last_modifier_user_name: str
    run_as_mode: str
    query_text: NotRequired[str]
    warehouse_id: NotRequired[str]
    catalog: NotRequired[str]
    schema: NotRequired[str]
    description: NotRequired[str]
    tags: NotRequired[list[str]]
    parameters: NotRequired[list[QueryParameter]]
    parent_path: NotRequired[str]
    apply_auto_limit: NotRequired[bool]


class QueriesEngine:
    """The queries of the workspace, all of them `user`'s."""

    def __init__(self, store: Store, user: str) -> None:
        self._documents, self._user = Documents[Query](store, "query"), user

    def create(self, settings: Mapping[str, object], resolve_name: bool = False) -> Query:
        """Create a query. `resolve_name` adds a number to a name that is taken. Raises ApiError 409 otherwise."""
        moment = _now()
        fixed: Query = {
            "id": str(uuid.uuid4()),
            "display_name": self._free_name(str(settings.get("display_name") or "New query"), "", resolve_name),
            "lifecycle_state": "ACTIVE",
            "create_time": moment,
            "update_time": moment,
            "owner_user_name": self._user,
            "last_modifier_user_name": self._user,
            "run_as_mode": str(settings.get("run_as_mode", "OWNER")),
        }
        query = cast("Query", {**settings, **fixed})
        self._documents.put(query["id"], query)
        return query

    def get(self, query_id: str) -> Query:
        """A query by its id, a trashed one too. Raises ApiError 404."""
        if (query := self._documents.get(query_id)) is None:
            raise not_found(f"Query '{query_id}' does not exist")
        return query

    def list(self) -> list[Query]:
        """The queries that are not in the trash, the oldest first."""
        return [query for query in self._documents.list() if query["lifecycle_state"] == "ACTIVE"]

    def update(self, query_id: str, changes: Mapping[str, object], mask: str, resolve_name: bool = False) -> Query:
        """Change the fields that `mask` names, separated by commas, or all sent ones if it is `*`.

        A named field that is not sent is removed. Raises ApiError 404, 409.
        """
        query: dict[str, object] = dict(self.get(query_id))
        for name in changes if mask == "*" else mask.split(","):
            query.pop(name, None)
            if name in changes:
                query[name] = changes[name]
        name = str(query.get("display_name") or "New query")
        query["display_name"] = self._free_name(name, query_id, resolve_name)
        query |= {"update_time": _now(), "last_modifier_user_name": self._user}
        self._documents.put(query_id, cast("Query", query))
        return self.get(query_id)

    def trash(self, query_id: str) -> None:
        """Move a query to the trash. Raises ApiError 404."""
        self._documents.put(query_id, {**self.get(query_id), "lifecycle_state": "TRASHED"})

    def _free_name(self, name: str, of: str, resolve: bool) -> str:
        taken = {query["display_name"] for query in self.list() if query["id"] != of}
        if name not in taken:
            return name
        if not resolve:
            raise already_exists(f"A query named '{name}' already exists")
        return next(free for number in range(1, len(taken) + 2) if (free := f"{name} ({number})") not in taken)


def defaults(query: Query) -> dict[str, Value]:
    """The values of a query's parameters unless a run sets others. Raises ApiError 400 for a dropdown or a range."""
    found: dict[str, Value] = {}
    for parameter in query.get("parameters", []):
        name = parameter["name"]
        if "text_value" in parameter:
            found[name] = parameter["text_value"].get("value", "")
        elif "numeric_value" in parameter:
            found[name] = Decimal(str(parameter["numeric_value"].get("value", 0)))
        elif "date_value" in parameter.get("date_value", {}):
            found[name] = parameter["date_value"]["date_value"]
        else:
            raise invalid(
                f"The query's parameter {name!r} has a type that a local workspace does not run; make it a text, a "
                "number or a fixed date."
            )
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
