"""What of SCIM 2.0 (RFC 7644) Databricks has: its errors, filters, sorting, attributes and patches.

Filters are simple expressions, as the SDK's `UsersV2API.list` says: `eq`, `ne`, `co` and `sw`, joined by `and` or `or`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from local_workspace.engines.identity.documents import Kind, Settings
from local_workspace.runtime.errors import ApiError

Json = dict[str, Any]
NOUNS: dict[Kind, str] = {"Users": "User", "ServicePrincipals": "Service principal"}
ENTITLEMENTS = ("allow-cluster-create", "allow-instance-pool-create", "databricks-sql-access", "workspace-access")
_CODES = {400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST", 409: "RESOURCE_ALREADY_EXISTS"}
_TERM = re.compile(r'\s*([A-Za-z][\w.]*)\s+(\w+)\s+("(?:[^"\\]|\\.)*"|[^\s"()]+)\s*')
_JOINT = re.compile(r"(and|or)(?=\s)", re.IGNORECASE)
_MOST_TERMS = 200
_ONE_OF = re.compile(r'(\w+)\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)
_TEXTS = {
    "displayname": "display_name",
    "externalid": "external_id",
    "name.givenname": "given_name",
    "name.familyname": "family_name",
}


class ScimError(ApiError):
    """An error of the SCIM API; `scim_type` is RFC 7644's word for what is wrong, where it has one."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(status, _CODES[status], detail)
        self.scim_type = scim_type


def listed(found: Iterable[Json], expression: str = "", sort_by: str = "", descending: bool = False) -> list[Json]:
    """The resources that match a filter, sorted by an attribute. Raises ScimError 400 for another filter."""
    alternatives = _terms(expression) if expression.strip() else [[]]
    chosen = [each for each in found if any(all(_holds(each, term) for term in terms) for terms in alternatives)]
    if sort_by:
        chosen.sort(key=lambda each: " ".join(_values(each, sort_by)).casefold(), reverse=descending)
    return chosen


def with_attributes(resource: Json, wanted: str = "", unwanted: str = "") -> Json:
    """A resource with the attributes of one list, separated by commas, and without those of the other."""
    only, without = (_names(text) for text in (wanted, unwanted))
    always = {"id", "schemas"}
    return {
        name: value
        for name, value in resource.items()
        if name in always or ((not only or name.casefold() in only) and name.casefold() not in without)
    }


def patched(settings: Settings, operations: Iterable[Json]) -> Settings:
    """`settings` after the operations of a PatchOp, each with `op`, `path` and `value`. Raises ScimError 400."""
    changed: Json = {**settings}
    for operation in operations:
        for path, value in _steps(operation):
            _apply(changed, str(operation["op"]).casefold(), path, value)
    return cast("Settings", changed)


def members(operations: Iterable[Json]) -> Iterable[tuple[bool, list[str]]]:
    """What the operations do to a group: whether they add or remove, and the ids. Raises ScimError 400."""
    for operation in operations:
        op = str(operation["op"]).casefold()
        if op not in ("add", "remove"):
            raise ScimError(400, f"A group's members are added and removed, not {op!r}.", "invalidSyntax")
        for path, value in _steps(operation):
            one = _ONE_OF.fullmatch(path)
            if (one.group(1) if one else path).casefold() != "members":
                raise ScimError(400, f"Of a group only members can be changed, not {path[:80]!r}.", "invalidPath")
            yield op == "add", [one.group(2)] if one else _list(value)


def check_entitlements(wanted: Sequence[str]) -> list[str]:
    """The entitlements, each once and in order. Raises ScimError 400 for one that Databricks does not have."""
    for name in wanted:
        if name not in ENTITLEMENTS:
            raise ScimError(400, f"{name[:80]!r} is no entitlement: use {', '.join(ENTITLEMENTS)}.", "invalidValue")
    return sorted(set(wanted))


def _terms(expression: str) -> list[list[tuple[str, str, str]]]:
    """The filter's terms: one list for each alternative of `or`."""
    alternatives: list[list[tuple[str, str, str]]] = [[]]
    position = 0
    for _ in range(_MOST_TERMS):
        term = _TERM.match(expression, position)
        if not term or term.group(2).casefold() not in ("eq", "ne", "co", "sw"):
            break
        attribute, operator, value = term.groups()
        alternatives[-1].append((attribute, operator.casefold(), re.sub(r"\\(.)", r"\1", value.strip('"'))))
        if term.end() == len(expression):
            return alternatives
        joint = _JOINT.match(expression, term.end())
        if not joint:
            break
        if joint.group(1).casefold() == "or":
            alternatives.append([])
        position = joint.end()
    raise ScimError(
        400,
        f"The filter {expression[:80]!r} is not supported: compare attributes with eq, ne, co or sw, "
        "and join the comparisons by and and or.",
        "invalidFilter",
    )


def _holds(resource: Json, term: tuple[str, str, str]) -> bool:
    attribute, operator, wanted = term
    values, text = [value.casefold() for value in _values(resource, attribute)], wanted.casefold()
    if operator == "ne":
        return text not in values
    if operator == "eq":
        return text in values
    return any(value.startswith(text) if operator == "sw" else text in value for value in values)


def _values(resource: Json, attribute: str) -> list[str]:
    """The values at a path such as `userName` or `emails.value`; of an entry without an attribute, its `value`."""
    found: list[Any] = [resource]
    for name in attribute.split("."):
        entries = [each for value in found for each in (value if isinstance(value, list) else [value])]
        found = [
            value
            for entry in entries
            if isinstance(entry, Mapping)
            for key, value in entry.items()
            if key.casefold() == name.casefold()
        ]
    entries = [each for value in found for each in (value if isinstance(value, list) else [value])]
    plain = [each.get("value", "") if isinstance(each, Mapping) else each for each in entries]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in plain]


def _steps(operation: Json) -> list[tuple[str, Any]]:
    """The paths that an operation changes with their values; one without a path has an object of them."""
    path, value = operation.get("path"), operation.get("value")
    if path:
        return [(str(path), value)]
    if not isinstance(value, Mapping):
        raise ScimError(400, "An operation without a path needs an object as its value.", "noTarget")
    return [
        step
        for name, part in value.items()
        for step in (
            [(f"name.{inner}", text) for inner, text in part.items()]
            if name == "name" and isinstance(part, Mapping)
            else [(name, part)]
        )
    ]


def _apply(settings: Json, op: str, path: str, value: Any) -> None:
    name, one = path.casefold(), _ONE_OF.fullmatch(path)
    if op not in ("add", "remove", "replace"):
        raise ScimError(400, f"{op[:80]!r} is no operation: use add, remove or replace.", "invalidSyntax")
    if name in _TEXTS:
        settings[_TEXTS[name]] = "" if op == "remove" else _text(path, value)
    elif name == "active" and op != "remove":
        settings["active"] = _flag(value)
    elif name == "entitlements" or (one and one.group(1).casefold() == "entitlements" and op == "remove"):
        named = [one.group(2)] if one else _list(value)
        held = settings["entitlements"]
        if op == "remove":
            settings["entitlements"] = [each for each in held if (named and each not in named)]
        else:
            settings["entitlements"] = check_entitlements([*(held if op == "add" else []), *named])
    else:
        raise ScimError(400, f"{op} of {path[:80]!r} is not supported.", "invalidPath")


def _text(path: str, value: Any) -> str:
    """A text, which may come as the only entry of a list."""
    plain = value[0].get("value") if isinstance(value, list) and value and isinstance(value[0], Mapping) else value
    if not isinstance(plain, str) or "\0" in plain:
        raise ScimError(400, f"{path[:80]} must be a text.", "invalidValue")
    return plain


def _flag(value: Any) -> bool:
    """True or false, which may be a text, and the only entry of a list."""
    plain = value[0].get("value") if isinstance(value, list) and value and isinstance(value[0], Mapping) else value
    words = {"true": True, "false": False}
    if str(plain).casefold() not in words:
        raise ScimError(400, "active must be true or false.", "invalidValue")
    return words[str(plain).casefold()]


def _list(value: Any) -> list[str]:
    """The values of a list of entries; none for nothing."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    named = [each.get("value") if isinstance(each, Mapping) else each for each in entries]
    if not all(isinstance(each, str) for each in named):
        raise ScimError(400, 'The value must be a list of entries such as {"value": "…"}.', "invalidValue")
    return [str(each) for each in named]


def _names(text: str) -> set[str]:
    """The first parts of the names in a list, such as `emails` of `emails.value`."""
    return {name.strip().casefold().partition(".")[0] for name in text.split(",") if name.strip()}
