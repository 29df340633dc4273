"""What a run of a stream that asks an agent did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Rows added, by source, and why the agent was not asked about some or all of them (None if it was)."""

    added: int
    agent: int
    fallback: int
    note: str | None
