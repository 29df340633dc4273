"""Fields of requests that Databricks would act on and a local workspace can't: refused by name, with what to do."""

from collections.abc import Collection, Mapping

from local_workspace.runtime.errors import invalid

Reasons = Mapping[str, str]
"""What to do instead, by the name of the field."""


def refuse(sent: Mapping[str, object], allowed: Collection[str], refused: Reasons, place: str = "") -> None:
    """Raise 400 that names the first field of `sent` which is neither allowed nor empty, and says what to do.

    `place` is the path to these fields, such as `tasks.load.`.
    """
    for name, value in sent.items():
        if name not in allowed and not _empty(value):
            reason = refused.get(name, "a local workspace does not know this field; leave it out")
            raise invalid(f"{place}{name} is not supported in a local workspace: {reason}.")


def _empty(value: object) -> bool:
    """Whether a field says nothing: clients send some fields without a value."""
    if isinstance(value, dict):
        return all(map(_empty, value.values()))
    return not value
