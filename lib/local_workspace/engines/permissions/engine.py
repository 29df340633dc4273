"""Permissions as the permissions API keeps them, enforced with `check`. Administrators may do everything all the same.

What holds for a folder holds for all in it. Without a list of its own the folder `Shared` is managed by all, a home by
its user. Sources: https://docs.databricks.com/aws/en/security/auth/access-control/ and
https://docs.databricks.com/aws/en/workspace/workspace-objects.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from local_workspace.engines.permissions.kinds import IN_FOLDERS, KINDS, MANAGE, OWNER, Kind
from local_workspace.engines.workspace import Place
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, invalid
from local_workspace.runtime.permissions import (
    ADMINS,
    WORKSPACE_USERS,
    AccessList,
    Grant,
    check_principals,
    is_for,
    of_principal,
    one_each,
    shown_grant,
    without,
)
from local_workspace.runtime.store import Store

type Places = Callable[[str, str], Sequence[Place]]
"""A folder, notebook or file by its kind and id, and the folders above it, the nearest first. Raises ApiError 404."""
type Found = Callable[[str], object]
"""Raises ApiError 404 if nothing has that id."""


class PermissionsEngine:
    """The grants on the things of each of KINDS; `found` looks a thing up by kind.

    `user` is the workspace's own, `is_known` says whether there is a user or service principal of a name, and `places`
    finds what lies in folders.
    """

    def __init__(
        self,
        store: Store,
        user: str,
        found: Mapping[str, Found],
        is_known: Callable[[str], bool],
        places: Places = lambda _kind, _object_id: (),
    ) -> None:
        self._lists, self._user, self._found = Documents[AccessList](store, "object_permissions"), user, found
        self._is_known, self._places = is_known, places

    def get(self, kind: str, object_id: str) -> dict[str, object]:
        """The grants on a thing, as the API shows them. Raises ApiError 404, or 400 for an unknown kind."""
        known = self._kind(kind, object_id)
        rows = [shown_grant(grant) for grant in self._grants(kind, object_id, known)]
        for place in self._of_folders(kind, object_id)[1:]:
            rows += [shown_grant(grant, f"/{place.kind}/{place.object_id}") for grant in self._held(place)]
        rows.append(shown_grant({"kind": "group_name", "name": ADMINS, "level": MANAGE}, inherited_from=f"/{kind}/"))
        return {
            "object_id": f"/{kind}/{object_id}",
            "object_type": known.object_type,
            "access_control_list": _one_row_each(rows),
        }

    def replace(self, kind: str, object_id: str, grants: list[Grant], keeps_owner: bool = False) -> None:
        """Replace all grants on a thing; with `keeps_owner` its owner keeps it unless they name another.

        Raises ApiError 404 (no such thing, user, group or service principal), 400 (kind or level, or a job or pipeline
        has not exactly one owner).
        """
        known = self._kind(kind, object_id)
        self._check(known, grants)

        default = self._default(kind, object_id, known)

        def replaced(held: AccessList | None) -> AccessList:
            owners = _owners(held["grants"] if held else default) if keeps_owner and not _owners(grants) else []
            return {"grants": _with_one_owner(known, [*owners, *grants])}

        self._lists.change(f"{kind}/{object_id}", replaced)

    def start_with(self, kind: str, object_id: str, grants: list[Grant]) -> None:
        """Set the grants of a thing that has none yet. Raises as `replace` does."""
        checked = self._checked(self._kind(kind, object_id), grants)
        self._lists.change(f"{kind}/{object_id}", lambda held: None if held else {"grants": checked})

    def add(self, kind: str, object_id: str, grants: list[Grant]) -> None:
        """Add grants, each in place of what its user, group or service principal had. Raises as `replace` does."""
        known = self._kind(kind, object_id)
        self._check(known, grants)

        default = self._default(kind, object_id, known)

        def added(held: AccessList | None) -> AccessList:
            present = held["grants"] if held else default
            kept = [grant for grant in present if grant not in _owners(present)] if _owners(grants) else present
            return {"grants": _with_one_owner(known, [*kept, *grants])}

        self._lists.change(f"{kind}/{object_id}", added)

    def revoke(self, principal: str) -> None:
        """Take back all that a user or service principal was granted; what it owned is then the workspace's user's."""
        for key, _ in self._lists.items():
            self._lists.change(key, partial(self._revoked, KINDS[key.rpartition("/")[0]], principal))

    def with_owner(self, kind: str, grants: list[Grant], object_id: str = "", maker: str | None = None) -> list[Grant]:
        """`grants` for `replace`, and unless they name an owner the present one; of a new thing that is its `maker`.

        Raises as `replace` does, so that a thing with refused permissions is not made.
        """
        known = KINDS[kind]
        present = [of_principal(maker, OWNER)] if maker else self._grants(kind, object_id, known)
        return self._checked(known, [*([] if _owners(grants) else _owners(present)), *grants])

    def may(self, kind: str, object_id: str, principal: str, level: str | None = None) -> bool:
        """Whether the user or service principal has `level` on a thing, or one above it; None is any level."""
        known = KINDS[kind]
        if places := self._of_folders(kind, object_id):
            return self.may_at(places, principal, level)
        enough = known.enough(level or known.lowest)
        return any(each["level"] in enough and is_for(each, principal) for each in self._grants(kind, object_id, known))

    def may_at(self, places: Sequence[Place], principal: str, level: str | None = None) -> bool:
        """The same for the first of these places, of which the others are the folders above it."""
        known = KINDS["directories"]
        enough = known.enough(level or known.lowest)
        held = (each for place in places for each in self._held(place))
        return any(each["level"] in enough and is_for(each, principal) for each in held)

    def forget(self, places: Iterable[Place]) -> None:
        """Remove the grants on folders, notebooks and files that are deleted: another may get such a path."""
        for place in places:
            self._lists.delete(f"{place.kind}/{place.object_id}")

    def check(self, kind: str, object_id: str, principal: str, level: str) -> None:
        """Raise ApiError 403 unless the user or service principal has `level` on a thing, or one above it."""
        if not self.may(kind, object_id, principal, level):
            raise ApiError(403, "PERMISSION_DENIED", KINDS[kind].refusal(object_id, principal, level))

    def levels(self, kind: str, object_id: str) -> dict[str, str]:
        """The levels of a thing, each with what it allows. Raises ApiError 404."""
        return self._kind(kind, object_id).levels

    def _kind(self, kind: str, object_id: str) -> Kind:
        known = KINDS.get(kind)
        if known is None:
            raise invalid(f"request_object_type is not recognized: {kind}; a local workspace has {', '.join(KINDS)}.")
        self._found[kind](object_id)
        return known

    def _grants(self, kind: str, object_id: str, known: Kind) -> list[Grant]:
        held = self._lists.get(f"{kind}/{object_id}")
        return held["grants"] if held else self._default(kind, object_id, known)

    def _default(self, kind: str, object_id: str, known: Kind) -> list[Grant]:
        """The grants on a thing of which none have been set."""
        places = self._of_folders(kind, object_id)
        return (_given(places[0]) if places else []) or [of_principal(self._user, OWNER if known.owned else MANAGE)]

    def _of_folders(self, kind: str, object_id: str) -> Sequence[Place]:
        """The thing itself and the folders above it, if it is one that lies in folders."""
        return self._places(kind, object_id) if kind in IN_FOLDERS else ()

    def _held(self, place: Place) -> list[Grant]:
        held = self._lists.get(f"{place.kind}/{place.object_id}")
        return held["grants"] if held else _given(place)

    def _revoked(self, known: Kind, principal: str, held: AccessList | None) -> AccessList | None:
        if held is None:
            return None
        left = without(held["grants"], principal)
        if known.owned and not _owners(left):
            left.append(of_principal(self._user, OWNER))
        return {"grants": left}

    def _checked(self, known: Kind, grants: Iterable[Grant]) -> list[Grant]:
        chosen = one_each(grants)
        self._check(known, chosen)
        return _with_one_owner(known, chosen)

    def _check(self, known: Kind, grants: Iterable[Grant]) -> None:
        for level in (grant["level"] for grant in grants):
            if level not in known.levels:
                raise invalid(f"{level} is no level of a {known.noun}; it has {', '.join(known.levels)}.")
        check_principals(grants, self._is_known)


def _given(place: Place) -> list[Grant]:
    """What is granted on a folder of which no grants have been set."""
    top, *inside = place.path.removeprefix("/").split("/")
    if top == "Shared" and not inside:
        return [{"kind": "group_name", "name": WORKSPACE_USERS, "level": MANAGE}]
    return [of_principal(inside[0], MANAGE)] if top == "Users" and len(inside) == 1 else []


def _one_row_each(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of one user, group or service principal as one row with all that it has, its own first."""
    merged: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row.get(name) for name in ("user_name", "group_name", "service_principal_name"))
        held = merged.setdefault(key, {**row, "all_permissions": []})
        held["all_permissions"] += row["all_permissions"]
    return list(merged.values())


def _owners(grants: list[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant["level"] == OWNER]


def _with_one_owner(known: Kind, grants: Iterable[Grant]) -> list[Grant]:
    """The last grant of each principal. Raises ApiError 400 if such a thing must have another number of owners."""
    chosen = one_each(grants)
    if known.owned and [grant["level"] for grant in chosen].count(OWNER) != 1:
        raise invalid(f"The {known.noun} must have exactly one owner.")
    return chosen
