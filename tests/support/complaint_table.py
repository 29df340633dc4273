"""Test rows of the complaints' synced table."""

import json

_CREATE = """
CREATE SCHEMA complaints;
CREATE TABLE complaints.complaint_responses (
    complaint_id text PRIMARY KEY, order_id text, ts timestamptz, agent_response text, source text, model text)
"""
_INSERT = """
INSERT INTO complaints.complaint_responses
VALUES (%s, %s, make_timestamptz(2026, 3, 1, 20, %s, 0, 'UTC'), %s, %s, 'm')
"""
ROWS = [  # complaint_id, order_id, minute, category, decision, priority, credit, source
    ("c-1", "AAA111", 1, "service_issue", "escalate", "medium", 0, "fallback"),
    ("c-2", "AAA111", 2, "food_quality", "suggest_credit", "low", 4.25, "agent"),
    ("c-3", "BBB222", 3, "billing", "escalate", "high", 0, "agent"),
    ("c-4", "BBB222", 4, "food_quality", "suggest_credit", "low", 6.5, "agent"),
]


def fill_complaints(connection):
    connection.execute(_CREATE)
    for complaint_id, order_id, minute, category, decision, priority, credit, source in ROWS:
        answer = {
            "category": category,
            "decision": decision,
            "credit_amount": credit,
            "confidence": 0.9,
            "priority": priority,
            "rationale": "<b>because</b>",
            "customer_response": "We are sorry.",
        }
        add_complaint(connection, complaint_id, order_id, minute, json.dumps(answer), source)


def add_complaint(connection, complaint_id, order_id, minute, answer, source="agent"):
    connection.execute(_INSERT, (complaint_id, order_id, minute, answer, source))
