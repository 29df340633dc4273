"""How SQL reads what an agent has answered in a synced table."""

BODY = """
CROSS JOIN LATERAL (SELECT CASE WHEN r.agent_response IS JSON OBJECT AND strpos(r.agent_response, '\\u0000') = 0
                                THEN r.agent_response::jsonb END AS body) a
"""
"""Adds the answer `a.body` to the rows `r`; null for one that can't be parsed: jsonb takes no \\u0000."""
