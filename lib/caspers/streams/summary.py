"""The result of a run of a stream that calls an agent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Rows added, by source, and why the agent did not decide on some that it was called for (None if it did)."""

    added: int
    agent: int
    fallback: int
    note: str | None
