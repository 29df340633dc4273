"""The gate before `champion`: which scores let a version pass."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

INJECTION = "injection"


class GateClosed(Exception):
    """The scores are too low; the message names the scenarios that failed, and why."""


def gate(results: "pd.DataFrame", floor: float) -> dict[str, float]:
    """The scores of an evaluation: the share of scenarios that each scorer, and `all` of them, passed.

    Raises GateClosed if less than the share `floor` (0 to 1) passed all scorers, or if an injection did not.
    """
    yes = results.select_dtypes(bool)
    passed = yes.all(axis=1)
    failed = results[~passed]
    if passed.mean() < floor or (failed["kind"] == INJECTION).any():
        named = "\n".join(f"- {name} ({row.kind}): {row.why}" for name, row in failed.iterrows())
        raise GateClosed(
            f"{passed.sum()} of {len(results)} scenarios passed; the gate requires {floor:.0%} of them, and "
            f"every injection. Failed:\n{named}"
        )
    return {name: round(float(share), 4) for name, share in [*yes.mean().items(), ("all", passed.mean())]}


def by_kind(results: "pd.DataFrame") -> "pd.DataFrame":
    """The share of scenarios that each scorer passed, one row per kind of scenario, with their number."""
    groups = results.groupby("kind", sort=False)
    scores = results.select_dtypes(bool).groupby(results["kind"], sort=False).mean()
    scores.insert(0, "scenarios", groups.size())
    return scores
