"""Permissions as the permissions API keeps them. Administrators may do everything all the same.

Those on experiments, jobs, pipelines, endpoints and warehouses are enforced for all others, with `check`; those on
folders, notebooks and files are shown.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from local_workspace.engines.permissions.kinds import KINDS, MANAGE, OWNER, Kind
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import ApiError, invalid
from local_workspace.runtime.permissions import (
    ADMINS,
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

type Found = Callable[[str], object]
"""Raises ApiError 404 if nothing has that id."""


class PermissionsEngine:
    """The grants on the things of each of KINDS; `found` looks a thing up by kind.

    `user` is the workspace's own, `is_known` says whether there is a user or service principal of a name.
    """

    def __init__(self, store: Store, user: str, found: Mapping[str, Found], is_known: Callable[[str], bool]) -> None:
        self._lists, self._user, self._found = Documents[AccessList](store, "object_permissions"), user, found
        self._is_known = is_known

    def get(self, kind: str, object_id: str) -> dict[str, object]:
        """The grants on a thing, as the API shows them. Raises ApiError 404, or 400 for an unknown kind."""
        known = self._kind(kind, object_id)
        rows = [shown_grant(grant) for grant in self._grants(kind, object_id, known)]
        admins = shown_grant({"kind": "group_name", "name": ADMINS, "level": MANAGE}, inherited_from=f"/{kind}/")
        return {
            "object_id": f"/{kind}/{object_id}",
            "object_type": known.object_type,
            "access_control_list": [*rows, admins],
        }

    def replace(self, kind: str, object_id: str, grants: list[Grant], keeps_owner: bool = False) -> None:
        """Replace all grants on a thing; with `keeps_owner` its owner keeps it unless they name another.

        Raises ApiError 404 (no such thing, user, group or service principal), 400 (kind or level, or a job or pipeline
        has not exactly one owner).
        """
        known = self._kind(kind, object_id)
        self._check(known, grants)

        def replaced(held: AccessList | None) -> AccessList:
            owners = _owners(self._of(held, known)) if keeps_owner and not _owners(grants) else []
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

        def added(held: AccessList | None) -> AccessList:
            present = self._of(held, known)
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
        enough = known.enough(level or known.lowest)
        return any(each["level"] in enough and is_for(each, principal) for each in self._grants(kind, object_id, known))

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
        return self._of(self._lists.get(f"{kind}/{object_id}"), known)

    def _of(self, held: AccessList | None, known: Kind) -> list[Grant]:
        return held["grants"] if held else [of_principal(self._user, OWNER if known.owned else MANAGE)]

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


def _owners(grants: list[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant["level"] == OWNER]


def _with_one_owner(known: Kind, grants: Iterable[Grant]) -> list[Grant]:
    """The last grant of each principal. Raises ApiError 400 if such a thing must have another number of owners."""
    chosen = one_each(grants)
    if known.owned and [grant["level"] for grant in chosen].count(OWNER) != 1:
        raise invalid(f"The {known.noun} must have exactly one owner.")
    return chosen
