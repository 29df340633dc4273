"""Identifiers that follow from what they stand for, so nothing has to keep them."""

import uuid

_NAMESPACE = uuid.UUID("8d5a3b62-6f0e-4f1c-9c57-0a4f4b5f1b1e")


def identifier(kind: str, full_name: str, created_at: int) -> str:
    """The id of something of a kind: another one for what is made again under the same name."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind} {full_name} {created_at}"))
