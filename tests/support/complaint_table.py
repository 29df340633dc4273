"""Test rows of the complaints' synced table."""

import json

_CREATE = """
CREATE SCHEMA complaints;
CREATE TABLE complaints.complaint_responses (
    complaint_id text PRIMARY KEY, order_id text, ts timestamptz, agent_response text, source text, model text)
"""
_INSERT = """
INSERT INTO complaints.complaint_responses
VALUES (%s, %s, make_timestamptz(2026, 3, 1, 20, %s, 0, 'UTC'), %s, 'agent', 'm')
"""
ROWS = [  # complaint_id, order_id, minute, decision, priority, credit
    ("c-1", "AAA111", 1, "escalate", "medium", 0),
    ("c-2", "AAA111", 2, "suggest_credit", "low", 4.25),
    ("c-3", "BBB222", 3, "escalate", "high", 0),
    ("c-4", "BBB222", 4, "suggest_credit", "low", 6.5),
]


def fill_complaints(connection):
    connection.execute(_CREATE)
    for complaint_id, order_id, minute, decision, priority, credit in ROWS:
        connection.execute(
            _INSERT,
            (
                complaint_id,
                order_id,
                minute,
                json.dumps(
                    {
                        "category": "service_issue",
                        "decision": decision,
                        "credit_amount": credit,
                        "confidence": 0.9,
                        "priority": priority,
                        "rationale": "<b>because</b>",
                        "customer_response": "We are sorry.",
                    }
                ),
            ),
        )
