"""The kitchens' written refund policy, for one order in Python and for all orders at once in Spark SQL.

Up to the P75 of its location's delivery minutes an order earns nothing. Between P75 and P99 it earns a part of
its total: the share climbs in a straight line from 10% at P75 to 50% at P99, and the amount is rounded to the
nearest half dollar. Beyond P99 it earns its total, which is also the most that an order can ever earn.
Both forms calculate with the same IEEE doubles in the same order, so they agree to the cent and to the letter.
"""

import math
from dataclasses import dataclass
from typing import Literal

type RefundClass = Literal["none", "partial", "full"]

ANSWER_SCHEMA = "refund_recommendation"
"""The name by which a request to a model asks for a `Refund`."""
SHARE_AT_P75 = 0.10
SHARE_AT_P99 = 0.50
STEP_USD = 0.5


@dataclass(frozen=True)
class Evidence:
    """What the policy decides on: delivery minutes to 0.1, the location's P75 and P99, the total in US dollars."""

    minutes: float
    p75: float
    p99: float
    total_usd: float


@dataclass(frozen=True)
class Refund:
    """A decision: the amount in US dollars, its class and the one sentence that derives it."""

    refund_usd: float
    refund_class: RefundClass
    reason: str


def refund_class(amount: float, total: float) -> RefundClass:
    """The class that an amount has for an order of this total, both in US dollars."""
    if amount <= 0:
        return "none"
    return "full" if amount >= total else "partial"


def decide(evidence: Evidence) -> Refund:
    """The policy's decision on one order."""
    amount = _amount(evidence)
    return Refund(amount, refund_class(amount, evidence.total_usd), _reason(evidence, amount))


def bounded(amount: float, total: float) -> float:
    """`amount` kept within 0 and the order's total, in US dollars to the cent."""
    return round(min(max(amount, 0.0), total), 2)


def _amount(evidence: Evidence) -> float:
    if evidence.minutes <= evidence.p75:
        return 0.0
    if evidence.minutes > evidence.p99:
        return evidence.total_usd
    return min(math.floor(evidence.total_usd * _share(evidence) / STEP_USD + 0.5) * STEP_USD, evidence.total_usd)


def _share(evidence: Evidence) -> float:
    climbed = (evidence.minutes - evidence.p75) / (evidence.p99 - evidence.p75)
    return SHARE_AT_P75 + (SHARE_AT_P99 - SHARE_AT_P75) * climbed


def _reason(evidence: Evidence, amount: float) -> str:
    took = f"Delivered in {evidence.minutes:.1f} min"
    if evidence.minutes <= evidence.p75:
        return (
            f"{took}, within the location's P75 of {evidence.p75:.1f} (P99 {evidence.p99:.1f}): "
            f"no refund on the total of ${evidence.total_usd:.2f}."
        )
    if evidence.minutes > evidence.p99:
        return (
            f"{took}, beyond the location's P99 of {evidence.p99:.1f} (P75 {evidence.p75:.1f}): "
            f"the full total of ${evidence.total_usd:.2f}."
        )
    share = math.floor(_share(evidence) * 100 + 0.5)
    return (
        f"{took}, between the location's P75 of {evidence.p75:.1f} and P99 of {evidence.p99:.1f}: "
        f"{share}% of the total of ${evidence.total_usd:.2f}, to the half dollar ${amount:.2f}."
    )


def refunds_sql(orders: str) -> str:
    """A query that decides on every row of the relation `orders`.

    `orders` has minutes, p75, p99 and total_usd as in `Evidence`; the result adds refund_usd, refund_class and
    reason, all NULL where one of the four is.
    """
    unknown = "minutes + p75 + p99 + total_usd IS NULL"
    share = f"({SHARE_AT_P75}D + ({SHARE_AT_P99}D - {SHARE_AT_P75}D) * ((minutes - p75) / nullif(p99 - p75, 0D)))"
    partial = f"least(floor(total_usd * {share} / {STEP_USD}D + 0.5D) * {STEP_USD}D, total_usd)"
    return f"""
SELECT *,
  CASE WHEN refund_usd <= 0 THEN 'none' WHEN refund_usd >= total_usd THEN 'full'
       WHEN refund_usd > 0 THEN 'partial' END AS refund_class,
  CASE WHEN {unknown} THEN NULL
  WHEN minutes <= p75 THEN format_string(
    "Delivered in %.1f min, within the location's P75 of %.1f (P99 %.1f): no refund on the total of $%.2f.",
    minutes, p75, p99, total_usd)
  WHEN minutes > p99 THEN format_string(
    "Delivered in %.1f min, beyond the location's P99 of %.1f (P75 %.1f): the full total of $%.2f.",
    minutes, p99, p75, total_usd)
  ELSE format_string(
    "Delivered in %.1f min, between the location's P75 of %.1f and P99 of %.1f: "
    "%d%% of the total of $%.2f, to the half dollar $%.2f.",
    minutes, p75, p99, CAST(floor({share} * 100 + 0.5D) AS BIGINT), total_usd, refund_usd) END AS reason
FROM (SELECT *, CASE WHEN {unknown} THEN NULL WHEN minutes <= p75 THEN 0D WHEN minutes > p99 THEN total_usd
                     ELSE {partial} END AS refund_usd
      FROM {orders})"""
