"""Responses of an agent, as the scorers read them."""

import json

GOOD = {
    "category": "delivery_delay",
    "decision": "suggest_credit",
    "credit_amount": 6.0,
    "confidence": 0.9,
    "priority": "low",
    "rationale": "Delivered in 40.0 min: 15% of $40.00, $6.00.",
    "customer_response": "We are sorry. We credit you $6.00.",
}


def response(answer: dict, **outputs: object) -> dict:
    """A response with this answer, decided by an agent unless `outputs` say otherwise."""
    item = {"type": "message", "content": [{"type": "output_text", "text": json.dumps(answer)}]}
    return {"output": [item], "custom_outputs": {"status": "decided", "source": "agent", "model": "m"} | outputs}
