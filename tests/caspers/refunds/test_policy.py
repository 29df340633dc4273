import math

import pytest

from caspers.refunds import policy
from caspers.refunds.policy import Evidence, decide


def facts(minutes, total=40.0, p75=30.0, p99=50.0):
    return Evidence(minutes, p75, p99, total)


@pytest.mark.parametrize(
    ("minutes", "amount", "kind"),
    [
        (12.0, 0.0, "none"),
        (30.0, 0.0, "none"),
        (30.1, 4.0, "partial"),  # 10.2 % of 40 is 4.08
        (40.0, 12.0, "partial"),  # half way: 30 %
        (50.0, 20.0, "partial"),
        (50.1, 40.0, "full"),
    ],
)
def test_amount_grows_from_p75_to_p99(minutes, amount, kind):
    refund = decide(facts(minutes))
    assert (refund.refund_usd, refund.refund_class) == (amount, kind)


def test_reason_derives_the_amount_in_one_sentence():
    assert decide(facts(40.0, total=41.3)).reason == (
        "Delivered in 40.0 min, between the location's P75 of 30.0 and P99 of 50.0: "
        "30% of the total of $41.30, to the half dollar $12.50."
    )


def test_never_more_than_the_total_and_class_always_agrees():
    for minutes in range(10, 80):
        for cents in (0, 1, 30, 49, 60, 1234):
            refund = decide(facts(float(minutes), total=cents / 100))
            assert 0 <= refund.refund_usd <= cents / 100
            assert refund.refund_class == policy.refund_class(refund.refund_usd, cents / 100)


def test_a_location_whose_quantiles_meet_has_no_partial_refund():
    assert decide(facts(30.0, p75=30.0, p99=30.0)).refund_class == "none"
    assert decide(facts(30.1, p75=30.0, p99=30.0)).refund_class == "full"


def test_bounded_keeps_an_amount_between_zero_and_the_total():
    assert [policy.bounded(x, 25.5) for x in (-3.0, 7.119, 500.0)] == [0.0, 7.12, 25.5]


ORDERS = """(SELECT cast(id AS STRING) order_id, round(20 + pmod(hash(id, 1), 400) / 10D, 1) minutes,
                    round(27 + pmod(hash(id, 2), 60) / 10D, 1) p75, round(44 + pmod(hash(id, 3), 90) / 10D, 1) p99,
                    round(pmod(hash(id, 4), 9000) / 100D, 2) total_usd FROM range(5000))"""


def test_sql_and_python_agree_on_thousands_of_orders(spark):
    decided = {r.order_id: r for r in spark.sql(policy.refunds_sql(ORDERS)).collect()}
    rows = spark.sql(f"SELECT * FROM {ORDERS}").collect()
    classes = set()
    for row in rows:
        alone = decide(Evidence(row.minutes, row.p75, row.p99, row.total_usd))
        together = decided[row.order_id]
        classes.add(alone.refund_class)
        assert math.isclose(together.refund_usd, alone.refund_usd, abs_tol=1e-9)
        assert (together.refund_class, together.reason) == (alone.refund_class, alone.reason)
    assert (len(rows), classes) == (5000, {"none", "partial", "full"})


def test_sql_decides_nothing_where_a_number_is_missing(spark):
    order = "(SELECT 31D AS minutes, 30D AS p75, 50D AS p99, CAST(NULL AS DOUBLE) AS total_usd)"
    row = spark.sql(policy.refunds_sql(order)).first()
    assert (row.refund_usd, row.refund_class, row.reason) == (None, None, None)
