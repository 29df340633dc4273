"""Test rows of the recommendations' synced table."""

import json

ROWS = [  # order_id, minute of the order, class, amount, reason, source
    ("AAA111", 45, "partial", 5.0, "9 minutes later than three of four orders", "agent"),
    ("BBB222", 46, "full", 30.25, "later than 99 of 100 orders", "fallback"),
    ("CCC333", 47, "none", 0, "on time", "fallback"),
    ("DDD444", 48, "partial", 7.1, "<script>alert('x')</script>", "agent"),
]
_CREATE = """
CREATE SCHEMA recommender;
CREATE TABLE recommender.refund_recommendations (
    order_id text PRIMARY KEY, ts timestamptz, order_ts timestamptz, agent_response text, source text, model text)
"""
_INSERT = """
INSERT INTO recommender.refund_recommendations
VALUES (%s, now(), make_timestamptz(2026, 3, 1, 18, %s, 0, 'UTC'), %s, %s, 'a-model')
"""


def fill(connection):
    connection.execute(_CREATE)
    for order_id, minute, refund_class, amount, reason, source in ROWS:
        add(
            connection,
            order_id,
            minute,
            source,
            json.dumps({"refund_usd": amount, "refund_class": refund_class, "reason": reason}),
        )


def add(connection, order_id, minute, source, answer):
    connection.execute(_INSERT, (order_id, minute, answer, source))
